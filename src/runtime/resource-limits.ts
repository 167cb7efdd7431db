// What a service asks of the cgroup controllers, whichever attribute says it.

import type { Bytes } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';

/** A wish and the attribute that expresses it. */
export interface Wish<T> {
  readonly value: T;
  readonly setting: string;
}

/** Microseconds of processor time in each `period` of microseconds. */
export interface CpuTime {
  /** -1: no limit. */
  readonly quota: number;
  readonly period: number;
}

export type DeviceRateKind =
  | 'device_read_bps'
  | 'device_write_bps'
  | 'device_read_iops'
  | 'device_write_iops';

/** A block device by its path on the host; which numbers that has is looked up apart. */
export interface DeviceRate {
  readonly kind: DeviceRateKind;
  readonly path: string;
  readonly rate: number;
}

export interface DeviceWeight {
  readonly path: string;
  readonly weight: number;
}

export interface ResourceLimits {
  readonly cpuQuota?: Wish<CpuTime>;
  /** Of real-time scheduling. */
  readonly cpuRealtime?: Wish<Partial<CpuTime>>;
  readonly cpuShares?: Wish<number>;
  readonly cpuset?: Wish<string>;
  readonly memory?: Wish<Bytes>;
  readonly memoryReservation?: Wish<Bytes>;
  /** Memory and swap together; -1: no limit. */
  readonly memorySwap?: Wish<Bytes>;
  /** 0 to 100: how readily memory is swapped out. */
  readonly swappiness?: Wish<number>;
  readonly oomKillDisable?: Wish<true>;
  readonly pids?: Wish<number>;
  /** 10 to 1000. */
  readonly ioWeight?: Wish<number>;
  readonly ioDeviceWeights?: Wish<readonly DeviceWeight[]>;
  readonly ioRates?: Wish<readonly DeviceRate[]>;
}

const DEFAULT_PERIOD = 100_000;

/** The service's own attributes, else `deploy.resources`. 0 and, where it means "unlimited", -1 ask for nothing. */
export function resolveResourceLimits(service: ServiceConfig): ResourceLimits {
  const { limits, reservations } = service.deploy?.resources ?? {};
  const limit = 'deploy.resources.limits';
  return {
    cpuQuota: resolveCpuQuota(service),
    cpuRealtime: resolveCpuRealtime(service),
    cpuShares: firstAsked([service.cpu_shares, 'cpu_shares']),
    cpuset: service.cpuset ? { value: service.cpuset, setting: 'cpuset' } : undefined,
    memory: firstAsked([service.mem_limit, 'mem_limit'], [limits?.memory, `${limit}.memory`]),
    memoryReservation: firstAsked(
      [service.mem_reservation, 'mem_reservation'],
      [reservations?.memory, 'deploy.resources.reservations.memory'],
    ),
    memorySwap: service.memswap_limit
      ? { value: service.memswap_limit, setting: 'memswap_limit' }
      : undefined,
    swappiness: resolveSwappiness(service),
    oomKillDisable: service.oom_kill_disable ? { value: true, setting: 'oom_kill_disable' } : undefined,
    pids: firstAsked([service.pids_limit, 'pids_limit'], [limits?.pids, `${limit}.pids`]),
    ...resolveBlockIo(service),
  };
}

function resolveCpuQuota(service: ServiceConfig): ResourceLimits['cpuQuota'] {
  const cpus = firstAsked(
    [service.cpus, 'cpus'],
    [service.deploy?.resources?.limits?.cpus, 'deploy.resources.limits.cpus'],
  );
  if (cpus) {
    const quota = Math.round(cpus.value * DEFAULT_PERIOD);
    return { value: { quota, period: DEFAULT_PERIOD }, setting: cpus.setting };
  }
  const { cpu_quota: quota, cpu_period: period } = service;
  if (!quota && !period) return undefined;
  return {
    value: { quota: quota && quota > 0 ? quota : -1, period: period || DEFAULT_PERIOD },
    setting: quota ? 'cpu_quota' : 'cpu_period',
  };
}

function resolveCpuRealtime(service: ServiceConfig): ResourceLimits['cpuRealtime'] {
  const { cpu_rt_runtime: quota, cpu_rt_period: period } = service;
  if (!quota && !period) return undefined;
  return {
    value: { ...(quota && { quota }), ...(period && { period }) },
    setting: quota ? 'cpu_rt_runtime' : 'cpu_rt_period',
  };
}

/** 0 says something here: swap only to avoid running out. */
function resolveSwappiness({ mem_swappiness: value }: ServiceConfig): ResourceLimits['swappiness'] {
  return value === undefined || value < 0 ? undefined : { value, setting: 'mem_swappiness' };
}

const RATES = ['device_read_bps', 'device_write_bps', 'device_read_iops', 'device_write_iops'] as const;

function resolveBlockIo({
  blkio_config: config,
}: ServiceConfig): Pick<ResourceLimits, 'ioWeight' | 'ioDeviceWeights' | 'ioRates'> {
  if (!config) return {};
  const rates = RATES.flatMap((kind) =>
    (config[kind] ?? []).flatMap(({ path, rate }) => (rate > 0 ? [{ kind, path, rate }] : [])),
  );
  const [first] = rates;
  const weights = config.weight_device ?? [];
  return {
    ioWeight: firstAsked([config.weight, 'blkio_config.weight']),
    ...(weights.length > 0 && {
      ioDeviceWeights: { value: weights, setting: 'blkio_config.weight_device' },
    }),
    ...(first && { ioRates: { value: rates, setting: `blkio_config.${first.kind}` } }),
  };
}

function firstAsked(
  ...candidates: readonly (readonly [number | undefined, string])[]
): Wish<number> | undefined {
  for (const [value, setting] of candidates) {
    if (value !== undefined && value > 0) return { value, setting };
  }
  return undefined;
}
