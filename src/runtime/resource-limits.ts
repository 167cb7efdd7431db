// What a service asks of the cgroup controllers, whichever attribute says it.

import type { Bytes } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';

/** A wish and the attribute that expresses it. */
export interface Wish<T> {
  readonly value: T;
  readonly setting: string;
}

export interface ResourceLimits {
  /** Microseconds of processor time in each `period` of microseconds. */
  readonly cpuQuota?: Wish<{ readonly quota: number; readonly period: number }>;
  readonly cpuShares?: Wish<number>;
  readonly cpuset?: Wish<string>;
  readonly memory?: Wish<Bytes>;
  readonly memoryReservation?: Wish<Bytes>;
  /** Memory and swap together; -1: no limit. */
  readonly memorySwap?: Wish<Bytes>;
  readonly pids?: Wish<number>;
}

const DEFAULT_PERIOD = 100_000;

/** The service's own attributes, else `deploy.resources`. 0 and, where it means "unlimited", -1 ask for nothing. */
export function resolveResourceLimits(service: ServiceConfig): ResourceLimits {
  const { limits, reservations } = service.deploy?.resources ?? {};
  const limit = 'deploy.resources.limits';
  return {
    cpuQuota: resolveCpuQuota(service),
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
    pids: firstAsked([service.pids_limit, 'pids_limit'], [limits?.pids, `${limit}.pids`]),
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
  const quota = firstAsked([service.cpu_quota, 'cpu_quota']);
  if (!quota) return undefined;
  return {
    value: { quota: quota.value, period: service.cpu_period || DEFAULT_PERIOD },
    setting: quota.setting,
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
