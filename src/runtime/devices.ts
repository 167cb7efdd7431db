// Devices of the host that a service asks for: `devices`, `device_cgroup_rules`, and all of them if it is privileged.

import { TcError } from '../base/error.ts';
import type { DeviceConfig, ServiceConfig } from '../project/service-config.ts';
import { isCdiName } from './cdi.ts';
import type { DiskNumbers } from './cgroup-writes.ts';
import { DEFAULT_DEVICE_RULES, type DeviceRule } from './device-rules.ts';

/** A node to be made in the container, and how it may be used. */
export interface ResolvedDevice {
  /** In the container. */
  readonly path: string;
  readonly type: 'c' | 'b';
  readonly major: number;
  readonly minor: number;
  /** Permission bits. */
  readonly fileMode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of `rwm`. */
  readonly access: string;
}

export type DeviceNode = Omit<ResolvedDevice, 'path' | 'access'>;

/** What the host has at a path. */
export interface DevicePort {
  /** Follows links. */
  find(path: string): DeviceNode | 'directory' | 'other' | undefined;
  /** Names in a directory that are not links. */
  list(directory: string): readonly string[];
}

const DEV = '/dev';
const FULL = 'rwm';

/** Made anew in every container, or no devices. Source: opencontainers/runc, libcontainer/devices. */
const OWN = new Set(['pts', 'shm', 'fd', 'mqueue', 'console', '.lxc', '.lxd-mounts', '.udev']);

export type DeviceWish = Pick<ServiceConfig, 'name' | 'devices' | 'privileged'>;

/** Throws for a device that the host does not have. */
export function observeDevices(service: DeviceWish, port: DevicePort): readonly ResolvedDevice[] {
  const nodes = (service.devices ?? []).filter(({ source }) => !isCdiName(source));
  const asked = nodes.flatMap((device) => observeDevice(device, service.name, port));
  return service.privileged ? [...listBelow(DEV, DEV, port, FULL), ...asked] : asked;
}

function observeDevice(
  device: DeviceConfig,
  serviceName: string,
  port: DevicePort,
): readonly ResolvedDevice[] {
  const { source, target = source, permissions = FULL } = device;
  const found = port.find(source);
  const devices = found === 'directory' ? listBelow(source, target, port, permissions) : [];
  if (devices.length > 0) return devices;
  if (found && typeof found === 'object') return [{ ...found, path: target, access: permissions }];
  throw new TcError(
    `service "${serviceName}": ${source} ${found === undefined ? 'does not exist on this host' : 'is not a device'}`,
    {
      code: 'no-such-device',
      kind: 'environment',
      path: ['devices'],
      hints: [`look at what is there: \`ls -l ${DEV}\``],
    },
  );
}

/** Numbers of the block devices that `blkio_config` names. Throws for what the host does not have. */
export function observeDisks(
  service: Pick<ServiceConfig, 'name' | 'blkio_config'>,
  port: DevicePort,
): DiskNumbers {
  const { weight_device = [], weight: _, ...rates } = service.blkio_config ?? {};
  const paths = [weight_device, ...Object.values(rates)].flat().map(({ path }) => path);
  return Object.fromEntries(
    paths.map((path) => {
      const found = port.find(path);
      if (typeof found === 'object' && found.type === 'b') return [path, `${found.major}:${found.minor}`];
      throw new TcError(
        `service "${service.name}": blkio_config: ${path} ${found === undefined ? 'does not exist on this host' : 'is not a block device'}`,
        {
          code: 'no-such-device',
          kind: 'environment',
          path: ['blkio_config'],
          hints: ['look at what is there: `lsblk`'],
        },
      );
    }),
  );
}

function listBelow(
  directory: string,
  target: string,
  port: DevicePort,
  access: string,
): readonly ResolvedDevice[] {
  return port.list(directory).flatMap((name) => {
    if (directory === DEV && OWN.has(name)) return [];
    const found = port.find(`${directory}/${name}`);
    const path = `${target}/${name}`;
    if (found === 'directory') return listBelow(`${directory}/${name}`, path, port, access);
    return found && typeof found === 'object' ? [{ ...found, path, access }] : [];
  });
}

/** The kernel's encoding of a device number, as stat(2) gives it (makedev(3)). */
export function splitDeviceNumber(device: bigint): { readonly major: number; readonly minor: number } {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xffff_f000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffff_ff00n);
  return { major: Number(major), minor: Number(minor) };
}

/**
 * `c 1:3 mr`, `b 8:* rwm`; `a` means both kinds, and becomes two rules: the kernel would take it for all devices,
 * whatever the numbers are. Undefined if it is no rule.
 */
export function parseDeviceRule(text: string): readonly DeviceRule[] | undefined {
  const match = /^([abc]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(text);
  const [, kind, major, minor, access = ''] = match ?? [];
  if (!match || new Set(access).size !== access.length) return undefined;
  const types = kind === 'a' ? (['c', 'b'] as const) : [kind as 'b' | 'c'];
  return types.map((type) => ({
    type,
    ...(major !== '*' && { major: Number(major) }),
    ...(minor !== '*' && { minor: Number(minor) }),
    access,
  }));
}

export function resolveDeviceRules(
  service: Pick<ServiceConfig, 'device_cgroup_rules'>,
  devices: readonly ResolvedDevice[],
): readonly DeviceRule[] {
  return [
    ...DEFAULT_DEVICE_RULES,
    ...devices.map(({ type, major, minor, access }) => ({ type, major, minor, access })),
    ...(service.device_cgroup_rules ?? []).flatMap((text) => parseDeviceRule(text) ?? []),
  ];
}
