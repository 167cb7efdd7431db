// Devices by the Container Device Interface: what a specification of the host says that a device needs in a container.
// Source: cncf-tags/container-device-interface, SPEC.md. Pure.

import { changeError, TcError } from '../base/error.ts';
import type { DeviceRequest, ServiceConfig } from '../project/service-config.ts';
import type { DevicePort, ResolvedDevice } from './devices.ts';
import type { OciMount } from './oci-config.ts';

/** `vendor.com/class` with its devices. */
export interface CdiSpec {
  readonly file: string;
  readonly kind: string;
  readonly devices: readonly { readonly name: string; readonly containerEdits?: CdiEdits }[];
  /** Of all its devices. */
  readonly containerEdits?: CdiEdits;
}

export interface CdiEdits {
  readonly env?: readonly string[];
  readonly deviceNodes?: readonly CdiNode[];
  readonly mounts?: readonly {
    readonly hostPath: string;
    readonly containerPath: string;
    readonly options?: readonly string[];
  }[];
  readonly hooks?: readonly { readonly hookName: string; readonly path: string }[];
  readonly additionalGids?: readonly number[];
}

export interface CdiNode {
  readonly path: string;
  readonly hostPath?: string;
  readonly permissions?: string;
  readonly fileMode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** What a container gets. */
export interface CdiGrant {
  readonly devices: readonly ResolvedDevice[];
  readonly mounts: readonly OciMount[];
  /** `NAME=value` */
  readonly env: readonly string[];
  readonly gids: readonly number[];
}

export type CdiWish = Pick<ServiceConfig, 'name' | 'devices' | 'gpus' | 'deploy'>;

const NVIDIA = 'nvidia.com/gpu';

/** `vendor.com/class=name` */
export function isCdiName(text: string): boolean {
  return /^[A-Za-z][\w.-]*\/[A-Za-z][\w-]*=[\w.:-]+$/.test(text);
}

function listDeviceRequests({ gpus = [], deploy }: CdiWish): readonly DeviceRequest[] {
  return [...gpus, ...(deploy?.resources?.reservations?.devices ?? [])];
}

/** An entry of `gpus` is one for a GPU by itself: Docker Compose adds the capability. */
export function gpuRequests(gpus: readonly DeviceRequest[]): readonly DeviceRequest[] {
  return gpus.map((request) => ({ ...request, capabilities: [...(request.capabilities ?? []), 'gpu'] }));
}

/** Why the request cannot be met by any host, or undefined. */
export function explainRequest({
  driver,
  capabilities = [],
  device_ids = [],
}: DeviceRequest): string | undefined {
  if (driver === 'cdi') {
    const odd = device_ids.find((id) => !isCdiName(id));
    if (device_ids.length === 0) return 'names no device in device_ids';
    return odd === undefined ? undefined : `"${odd}" is not the name of a CDI device`;
  }
  if (driver && driver !== 'nvidia') return `the driver "${driver}" is not known`;
  return capabilities.includes('gpu') || driver === 'nvidia'
    ? undefined
    : 'names no capability that is known';
}

/** Names of all devices that the service asks for, without repetition. */
export function listCdiNames(service: CdiWish): readonly string[] {
  const named = (service.devices ?? []).map(({ source }) => source).filter(isCdiName);
  return [...new Set([...named, ...listDeviceRequests(service).flatMap(namesOf)])];
}

/** As the Docker Engine maps requests of the driver `nvidia`: all, the first `count`, or those named. */
function namesOf({ driver, count = -1, device_ids: ids = [] }: DeviceRequest): string[] {
  if (driver === 'cdi') return [...ids];
  if (ids.length > 0) return ids.map((id) => (isCdiName(id) ? id : `${NVIDIA}=${id}`));
  if (count < 0) return [`${NVIDIA}=all`];
  return Array.from({ length: count }, (_, index) => `${NVIDIA}=${index}`);
}

/** Throws TcError for a device that no specification has, or that needs what is not done here. */
export function resolveCdi(service: CdiWish, specs: readonly CdiSpec[], port: DevicePort): CdiGrant {
  const edits = listCdiNames(service).flatMap((name) => {
    try {
      return findEdits(name, service.name, specs);
    } catch (error) {
      throw error instanceof TcError ? changeError(error, { path: pathTo(name, service) }) : error;
    }
  });
  const unique = [...new Set(edits)];
  return {
    devices: unique.flatMap(({ deviceNodes = [] }) =>
      deviceNodes.map((node) => resolveNode(node, service.name, port)),
    ),
    mounts: unique.flatMap(({ mounts = [] }) => mounts.map(formatMount)),
    env: unique.flatMap(({ env = [] }) => env),
    gids: [...new Set(unique.flatMap(({ additionalGids = [] }) => additionalGids))].filter((gid) => gid > 0),
  };
}

function pathTo(name: string, { devices, gpus }: CdiWish): readonly string[] {
  if (devices?.some(({ source }) => source === name)) return ['devices'];
  return gpus?.length ? ['gpus'] : ['deploy', 'resources', 'reservations', 'devices'];
}

/** Of two specifications that have a device the later one counts: /var/run/cdi is read last. */
function findEdits(name: string, serviceName: string, specs: readonly CdiSpec[]): readonly CdiEdits[] {
  const separator = name.indexOf('=');
  const [kind, wanted] = [name.slice(0, separator), name.slice(separator + 1)];
  const ofKind = specs.filter((spec) => spec.kind === kind);
  for (const spec of [...ofKind].reverse()) {
    const device = spec.devices.find((each) => each.name === wanted);
    if (!device) continue;
    const edits = [spec.containerEdits, device.containerEdits].filter((each) => each !== undefined);
    refuseHooks(name, serviceName, spec.file, edits);
    return edits;
  }
  throw noDevice(name, serviceName, ofKind);
}

/** They are programs of the host that would run as root beside the container. */
function refuseHooks(name: string, serviceName: string, file: string, edits: readonly CdiEdits[]): void {
  const [hook] = edits.flatMap(({ hooks = [] }) => hooks);
  if (!hook) return;
  throw new TcError(
    `service "${serviceName}": the device ${name} wants the program ${hook.path} of the host to be run (${hook.hookName} in ${file}), which tcompose does not do`,
    {
      code: 'cdi-hook',
      kind: 'environment',
      hints: [
        'generate the specification without hooks, and name the directories of its libraries in LD_LIBRARY_PATH',
      ],
    },
  );
}

function noDevice(name: string, serviceName: string, ofKind: readonly CdiSpec[]): TcError {
  const known = ofKind.flatMap(({ kind, devices }) => devices.map((device) => `${kind}=${device.name}`));
  const [kind = ''] = name.split('=');
  const generate =
    kind === NVIDIA
      ? 'write one: `nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml`'
      : `install what writes one for ${kind}`;
  return new TcError(
    known.length > 0
      ? `service "${serviceName}": this host has no device ${name}`
      : `service "${serviceName}": this host has no CDI specification of ${kind} in /etc/cdi or /var/run/cdi`,
    {
      code: 'no-such-device',
      kind: 'environment',
      hints: [known.length > 0 ? `it has ${known.join(', ')}` : generate],
    },
  );
}

/** What the specification leaves out is as on the host. */
function resolveNode(node: CdiNode, serviceName: string, port: DevicePort): ResolvedDevice {
  const { path, hostPath = path, permissions = 'rwm' } = node;
  const found = port.find(hostPath);
  if (typeof found !== 'object') {
    throw new TcError(`service "${serviceName}": ${hostPath} is not a device of this host`, {
      code: 'no-such-device',
      kind: 'environment',
      hints: ['the CDI specification is older than the driver: generate it again'],
    });
  }
  return {
    ...found,
    path,
    access: permissions,
    fileMode: node.fileMode ?? found.fileMode,
    uid: node.uid ?? found.uid,
    gid: node.gid ?? found.gid,
  };
}

function formatMount(mount: NonNullable<CdiEdits['mounts']>[number]): OciMount {
  const options = mount.options ?? ['ro', 'nosuid', 'nodev'];
  const isBind = options.some((option) => option === 'bind' || option === 'rbind');
  return {
    destination: mount.containerPath,
    type: 'bind',
    source: mount.hostPath,
    options: isBind ? options : ['rbind', 'rprivate', ...options],
  };
}
