// Makes a container on disk: leases, record, configuration, volumes. Nothing of it runs, nothing in the kernel is made.
// The directory is filled under a temporary name, locked from birth; the final rename is what makes the container exist.

import { closeSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bug } from '../../base/error.ts';
import { createId } from '../../base/id.ts';
import type { Warning } from '../../base/warning.ts';
import type { ResolvedImage } from '../../image/image.ts';
import type { RecordedService } from '../../plan/observed-state.ts';
import type { OperationOf } from '../../plan/operation.ts';
import { hashService } from '../../project/config-hash.ts';
import { computeContainer } from '../../runtime/container.ts';
import type {
  AccountFiles,
  ContainerBundle,
  ContainerIdentity,
  HostFacts,
} from '../../runtime/container-input.ts';
import { observeDevices } from '../../runtime/devices.ts';
import type { Descriptor } from '../../runtime/native.ts';
import type { EngineContext } from '../context.ts';
import { lease } from '../network/leases.ts';
import { deriveMac } from '../network/networks.ts';
import {
  type ContainerRecord,
  type EndpointRecord,
  listContainerIds,
  type PortRecord,
  writeContainerRecord,
} from '../record/container-record.ts';
import type { NetworkRecord } from '../record/network-record.ts';
import type { VolumeRecord } from '../record/volume-record.ts';
import { listMounted } from '../volume/mounted-volumes.ts';
import { describeNetwork } from './container-network.ts';
import { discardRemnant } from './discard.ts';
import { type EndpointPlan, listNames, orderEndpoints } from './endpoints.ts';
import { planSecrets, type RecordedSecret } from './file-objects.ts';
import { makeMountSources, makeWritableLayer } from './fill.ts';
import { writeHooks } from './hooks.ts';
import { hostDevices } from './host-devices.ts';
import { formatContainerLabels, type ProjectIdentity } from './labels.ts';
import { resolveLogServer } from './log-server.ts';
import { type PlannedMount, planMounts } from './mount-plan.ts';
import { resolveBind } from './mounts.ts';
import { listShared, recordMount, type VolumesFrom } from './recorded-mounts.ts';
import { remnantPath } from './remnant.ts';

export interface CreateOrder {
  readonly operation: OperationOf<'create-container'>;
  readonly project: ProjectIdentity;
  readonly image: ResolvedImage;
  readonly accounts: AccountFiles;
  readonly host: HostFacts;
  readonly recorded: RecordedService;
  /** Digests of configs and secrets. */
  readonly files: Readonly<Record<string, string>>;
  readonly ports: readonly PortRecord[];
  /** By model key. */
  readonly networks: ReadonlyMap<string, NetworkRecord>;
  /** By model key. */
  readonly volumes: ReadonlyMap<string, VolumeRecord>;
  readonly replaced?: ContainerRecord;
  /** The container whose network namespace it shares. */
  readonly joined?: ContainerRecord;
  /** Layers by the source of a mount of type `image`. */
  readonly images: ReadonlyMap<string, ResolvedImage>;
  /** In the order of `volumes_from`. */
  readonly volumeSources: readonly VolumesFrom[];
}

export interface CreatedContainer {
  readonly record: ContainerRecord;
  /** Holds the container's lock; the caller's to close. */
  readonly lock: Descriptor;
  readonly warnings: readonly Warning[];
}

export async function createContainer(context: EngineContext, order: CreateOrder): Promise<CreatedContainer> {
  const { paths } = context.instance;
  const id = createContainerId(context);
  const directory = remnantPath(paths, 'creating', id);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = context.native.openDirectory(directory);
  try {
    if (!context.native.tryLock(lock, 'exclusive')) throw bug(`${directory} was locked by somebody else`);
    const { record, warnings } = await fillDirectory(context, order, id, directory);
    renameSync(directory, paths.container(id));
    return { record, lock, warnings };
  } catch (error) {
    await discardRemnant(context, { id, mark: 'creating', directory });
    closeSync(lock);
    throw error;
  }
}

/** Host interfaces carry only some digits of the id: one that would meet a living container's is not used. */
function createContainerId({ instance }: EngineContext): string {
  const interfaceOf = (id: string) => instance.names.hostInterface(id, 0);
  const taken = new Set(listContainerIds(instance.paths).map(interfaceOf));
  for (;;) {
    const id = createId();
    if (!taken.has(interfaceOf(id))) return id;
  }
}

async function fillDirectory(
  context: EngineContext,
  order: CreateOrder,
  id: string,
  directory: string,
): Promise<{ record: ContainerRecord; warnings: readonly Warning[] }> {
  const { service } = order.operation;
  const { configs, secrets } = order.operation;
  const mounts = planMounts({
    service,
    image: order.image.config,
    volumes: order.operation.volumes,
    configs,
    secrets,
    inherited: order.operation.renewAnonymousVolumes ? {} : (order.replaced?.anonymousVolumes ?? {}),
    images: new Map([...order.images].map(([name, { layers }]) => [name, layers])),
    shared: order.volumeSources.flatMap(listShared),
  });
  const kept = planSecrets({ service, configs, secrets });
  const plans = orderEndpoints(service, order.networks);
  const endpoints = await leaseAll(context, order, id, plans);
  const logServer = await resolveLogServer(service);
  const bundle = computeBundle(context, order, { id, mounts, plans, endpoints, secrets: kept, logServer });
  const record = describeContainer(order, { id, mounts, endpoints, bundle, secrets: kept });
  await writeContainerRecord(directory, record);
  const { image, project } = order;
  const filling = { project: project.name, service: service.name, image, mounts, directory };
  await makeMountSources(context, filling);
  makeWritableLayer(filling);
  writeHooks(directory, service);
  for (const file of bundle.files) writeFileSync(join(directory, file.name), file.content, { mode: 0o644 });
  writeFileSync(join(directory, 'config.json'), JSON.stringify(bundle.config), { mode: 0o600 });
  writeFileSync(join(directory, 'monitor.json'), JSON.stringify(bundle.monitor), { mode: 0o600 });
  return { record, warnings: bundle.warnings };
}

async function leaseAll(
  { native, instance }: EngineContext,
  { operation }: CreateOrder,
  id: string,
  plans: readonly EndpointPlan[],
): Promise<EndpointRecord[]> {
  const { service, name, oneOff } = operation;
  const naming = { id, name, service: service.name, hostname: service.hostname, oneOff };
  const leases: EndpointRecord[] = [];
  for (const [index, { key, network, config }] of plans.entries()) {
    const order = {
      key,
      network,
      containerId: id,
      mac: config.mac_address ?? (index === 0 ? service.mac_address : undefined) ?? deriveMac(`${id}${key}`),
      names: listNames(naming, config),
      ...(operation.replaces === undefined ? {} : { replaces: operation.replaces.id }),
      ...(config.ipv4_address === undefined ? {} : { ipv4: config.ipv4_address }),
      ...(config.ipv6_address === undefined ? {} : { ipv6: config.ipv6_address }),
    };
    leases.push(await lease(native, instance.paths, order));
  }
  return leases;
}

interface ContainerParts {
  readonly id: string;
  readonly mounts: readonly PlannedMount[];
  readonly secrets: readonly RecordedSecret[];
  readonly endpoints: readonly EndpointRecord[];
}

function computeBundle(
  { instance }: EngineContext,
  order: CreateOrder,
  parts: ContainerParts & { readonly plans: readonly EndpointPlan[]; readonly logServer: string | undefined },
): ContainerBundle {
  const { operation, image, accounts, host, project } = order;
  const { id, mounts, plans, endpoints, secrets, logServer } = parts;
  const { paths, names } = instance;
  const { name: service } = operation.service;
  return computeContainer({
    service: operation.service,
    image,
    accounts,
    host,
    identity: describeIdentity(project, operation, id),
    network: describeNetwork(instance, { ...order, id, plans, endpoints }),
    binds: mounts.flatMap((mount) =>
      mount.type === 'image' ? [] : [resolveBind(paths, paths.container(id), mount, service)],
    ),
    imageVolumes: mounts.flatMap((mount) => (mount.type === 'image' ? [mount.volume] : [])),
    secrets,
    ...(logServer === undefined ? {} : { logServer }),
    mountedVolumes: listMounted(paths, listVolumes(mounts)),
    devices: observeDevices(operation.service, hostDevices),
    paths: { bundle: paths.container(id), runDir: paths.containerRun(id) },
    table: names.table,
    onEnd: 'keep',
  });
}

export function describeIdentity(
  project: ProjectIdentity,
  { name, service, number }: OperationOf<'create-container'>,
  id: string,
): ContainerIdentity {
  return { id, name, project: project.name, service: service.name, number };
}

function describeContainer(
  order: CreateOrder,
  parts: ContainerParts & { readonly bundle: ContainerBundle },
): ContainerRecord {
  const { operation, project, image, recorded } = order;
  const { service, number, oneOff, replaces } = operation;
  const sources = listSources(order);
  const idsOf = (records: ReadonlyMap<string, { readonly id: string }>) =>
    Object.fromEntries([...records].map(([key, record]) => [key, record.id]));
  return {
    v: 1,
    id: parts.id,
    name: operation.name,
    project: project.name,
    service: service.name,
    number,
    oneOff,
    createdAt: new Date().toISOString(),
    image: image.reference,
    command: parts.bundle.config.process.args,
    recorded,
    inputs: {
      imageId: image.id,
      files: order.files,
      networks: idsOf(order.networks),
      volumes: idsOf(order.volumes),
      ...(order.images.size === 0
        ? {}
        : { images: Object.fromEntries([...order.images].map(([name, { id }]) => [name, id])) }),
      ...(Object.keys(sources).length === 0 ? {} : { sources }),
    },
    labels: formatContainerLabels({
      project,
      service,
      number,
      oneOff,
      imageId: image.id,
      configHash: hashService(service),
      ...(replaces === undefined ? {} : { replaces: replaces.id }),
    }),
    workingDir: project.workingDir,
    endpoints: parts.endpoints,
    ports: order.ports,
    mounts: parts.mounts.map(recordMount),
    anonymousVolumes: Object.fromEntries(
      parts.mounts.flatMap((mount) =>
        mount.type === 'volume' && mount.anonymous ? [[mount.bind.target, mount.volume] as const] : [],
      ),
    ),
    volumes: listVolumes(parts.mounts),
    ...(parts.secrets.length === 0 ? {} : { secrets: parts.secrets }),
    ...(replaces === undefined ? {} : { replaces: replaces.id }),
    ...(order.joined === undefined ? {} : { networkOf: order.joined.id }),
  };
}

function listVolumes(mounts: readonly PlannedMount[]): string[] {
  return [...new Set(mounts.flatMap((mount) => (mount.type === 'volume' ? [mount.volume] : [])))];
}

/** Service -> the container of it whose network or volumes are shared. */
function listSources({ joined, volumeSources }: CreateOrder): Record<string, string> {
  const named = volumeSources.filter(({ isService }) => isService).map(({ record }) => record);
  return Object.fromEntries(
    [...named, ...(joined ? [joined] : [])].map((record) => [record.service, record.id]),
  );
}
