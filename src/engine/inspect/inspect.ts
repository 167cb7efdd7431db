// inspect: one container's record, status and configuration, read without a lock.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { unless } from '../../base/system-error.ts';
import type { ObservedContainer } from '../../plan/observed-state.ts';
import { resolveRestart } from '../../project/restart-policy.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import type { OciConfig } from '../../runtime/oci-config.ts';
import { resolveResourceLimits } from '../../runtime/resource-limits.ts';
import type { InstancePaths } from '../instance/paths.ts';
import type {
  AddressDetails,
  ContainerDetails,
  EndpointDetails,
  LimitDetails,
  MountDetails,
} from '../ports.ts';
import {
  type ContainerRecord,
  type EndpointRecord,
  type RecordedMount,
  readContainerRecord,
} from '../record/container-record.ts';
import { readNetworkRecord } from '../record/network-record.ts';
import { volumeDataPath } from '../record/volume-record.ts';
import { readContainerStatus } from '../status/status.ts';

/** The environment is in it: what a configuration holds is for root alone. */
export function inspectContainer(paths: InstancePaths, container: ObservedContainer): ContainerDetails {
  const record = readContainerRecord(paths, container.id);
  const config = readConfig(paths.container(container.id));
  if (record === undefined || config === undefined) throw isGone(container);
  const { status } = readContainerStatus(paths, container.id);
  const { process, root, hostname = '', linux } = config;
  return {
    container,
    process: { ...process, uid: process.user.uid, gid: process.user.gid },
    hostname,
    readOnlyRoot: root.readonly,
    cgroup: linux.cgroupsPath,
    removeOnEnd: record.onEnd === 'remove',
    restart: resolveRestart(record.recorded) ?? { policy: 'no', maxRetries: 0 },
    limits: describeLimits(record.recorded),
    ...(record.runtime && { runtime: record.runtime.name }),
    ...(status?.signal !== undefined && container.pid === undefined && { signal: status.signal }),
    ...(status?.health && { health: { failingStreak: 0, log: [], ...status.health } }),
    endpoints: record.endpoints.map((endpoint) => describeEndpoint(paths, endpoint)),
    ports: record.ports,
    exposed: record.exposed ?? [],
    mounts: record.mounts.map((mount) => describeMount(paths, mount)),
    files: locateFiles(paths, record),
  };
}

function readConfig(bundle: string): OciConfig | undefined {
  const text = unless(['ENOENT'], () => readFileSync(join(bundle, 'config.json'), 'utf8'));
  return text === undefined ? undefined : JSON.parse(text);
}

function isGone({ name }: ObservedContainer): TcError {
  return new TcError(`container ${name} was removed while it was looked at`, {
    code: 'no-container',
    hints: ['`tcompose ps -a` lists the containers of a project'],
  });
}

function describeLimits(service: ServiceConfig): LimitDetails {
  const { cpuQuota, cpuShares, cpuset, memory, memoryReservation, memorySwap, pids } =
    resolveResourceLimits(service);
  const { quota, period } = cpuQuota?.value ?? { quota: 0, period: 1 };
  return {
    memory: memory?.value ?? 0,
    memoryReservation: memoryReservation?.value ?? 0,
    memorySwap: memorySwap?.value ?? 0,
    nanoCpus: quota > 0 ? Math.round((quota / period) * 1e9) : 0,
    cpuShares: cpuShares?.value ?? 0,
    cpuset: cpuset?.value ?? '',
    pids: pids?.value ?? 0,
  };
}

function describeEndpoint(paths: InstancePaths, endpoint: EndpointRecord): EndpointDetails {
  const { network, networkId, mac, names, ipv4, ipv6 } = endpoint;
  const subnets = readNetworkRecord(paths, networkId)?.subnets ?? [];
  const locate = (address: string): AddressDetails => {
    const isV6 = address.includes(':');
    const found = subnets.find(({ subnet }) => subnet.includes(':') === isV6);
    const prefixLength = Number(found?.subnet.split('/')[1] ?? (isV6 ? 128 : 32));
    return { address, prefixLength, gateway: found?.gateway ?? '' };
  };
  return {
    network,
    networkId,
    mac,
    names,
    ...(ipv4 !== undefined && { ipv4: locate(ipv4) }),
    ...(ipv6 !== undefined && { ipv6: locate(ipv6) }),
  };
}

function describeMount(paths: InstancePaths, mount: RecordedMount): MountDetails {
  const { type, source, target, readOnly = false, propagation } = mount;
  return {
    type,
    ...(type === 'volume' ? { name: source, source: volumeDataPath(paths, source) } : { source }),
    target,
    readOnly,
    ...(propagation !== undefined && { propagation }),
  };
}

/** Who shares a network has the files of its owner. */
function locateFiles(paths: InstancePaths, { id, networkOf }: ContainerRecord): ContainerDetails['files'] {
  const own = paths.container(id);
  const named = paths.container(networkOf ?? id);
  return {
    log: join(own, 'log'),
    hosts: join(named, 'hosts'),
    hostname: join(named, 'hostname'),
    resolvConf: join(named, 'resolv.conf'),
    upper: join(own, 'upper'),
  };
}
