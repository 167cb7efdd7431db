// Limits as ordered writes into cgroup files, for v1 and v2. Sources: the kernel's admin-guide/cgroup-v1 and
// cgroup-v2.rst; conversions as runc and crun have them.

import type { CgroupWrite } from './monitor-spec.ts';
import type { ResourceLimits } from './resource-limits.ts';

/** Directory of the container in the v1 hierarchy of a controller; undefined where the host has none. */
export type DirectoryOf = (controller: string) => string | undefined;

export function formatV1Writes(limits: ResourceLimits, directoryOf: DirectoryOf): readonly CgroupWrite[] {
  return [
    ...formatV1Cpu(limits, directoryOf('cpu')),
    ...formatV1Memory(limits, directoryOf('memory')),
    ...formatPids(limits, directoryOf('pids')),
  ];
}

function formatV1Cpu({ cpuQuota, cpuShares }: ResourceLimits, directory: string | undefined): CgroupWrite[] {
  if (!directory) return [];
  const writes: CgroupWrite[] = [];
  if (cpuShares) {
    writes.push(advise(`${directory}/cpu.shares`, String(cpuShares.value), cpuShares.setting));
  }
  if (cpuQuota) {
    const { quota, period } = cpuQuota.value;
    writes.push(require(`${directory}/cpu.cfs_period_us`, String(period), cpuQuota.setting));
    writes.push(require(`${directory}/cpu.cfs_quota_us`, String(quota), cpuQuota.setting));
  }
  return writes;
}

/** Memory first: the kernel refuses a limit of memory and swap together that is below the limit of memory. */
function formatV1Memory(limits: ResourceLimits, directory: string | undefined): CgroupWrite[] {
  if (!directory) return [];
  const { memory, memoryReservation } = limits;
  const swap = resolveMemorySwap(limits);
  const writes: CgroupWrite[] = [];
  if (memory) {
    writes.push(require(`${directory}/memory.limit_in_bytes`, String(memory.value), memory.setting));
  }
  if (swap) {
    writes.push(advise(`${directory}/memory.memsw.limit_in_bytes`, String(swap.value), swap.setting));
  }
  if (memoryReservation) {
    const { value, setting } = memoryReservation;
    writes.push(advise(`${directory}/memory.soft_limit_in_bytes`, String(value), setting));
  }
  return writes;
}

/** Unsaid, a container with a memory limit may swap as much again, as under Docker. */
function resolveMemorySwap({ memory, memorySwap }: ResourceLimits): ResourceLimits['memorySwap'] {
  return memorySwap ?? (memory && { value: 2 * memory.value, setting: memory.setting });
}

function formatPids({ pids }: ResourceLimits, directory: string | undefined): CgroupWrite[] {
  return directory && pids ? [require(`${directory}/pids.max`, String(pids.value), pids.setting)] : [];
}

/** `controllers`: those that the directory has. */
export function formatV2Writes(
  limits: ResourceLimits,
  directory: string,
  controllers: readonly string[],
): readonly CgroupWrite[] {
  const has = (controller: string) => controllers.includes(controller);
  return [
    ...(has('cpu') ? formatV2Cpu(limits, directory) : []),
    ...(has('cpuset') && limits.cpuset
      ? [require(`${directory}/cpuset.cpus`, limits.cpuset.value, limits.cpuset.setting)]
      : []),
    ...(has('memory') ? formatV2Memory(limits, directory) : []),
    ...formatPids(limits, has('pids') ? directory : undefined),
  ];
}

function formatV2Cpu({ cpuQuota, cpuShares }: ResourceLimits, directory: string): CgroupWrite[] {
  const writes: CgroupWrite[] = [];
  if (cpuShares) {
    const weight = String(convertShares(cpuShares.value));
    writes.push(advise(`${directory}/cpu.weight`, weight, cpuShares.setting));
  }
  if (cpuQuota) {
    const { quota, period } = cpuQuota.value;
    writes.push(require(`${directory}/cpu.max`, `${quota} ${period}`, cpuQuota.setting));
  }
  return writes;
}

/** memory.swap.max counts swap alone. */
function formatV2Memory(limits: ResourceLimits, directory: string): CgroupWrite[] {
  const { memory, memoryReservation } = limits;
  const swap = resolveMemorySwap(limits);
  const writes: CgroupWrite[] = [];
  if (memory) writes.push(require(`${directory}/memory.max`, String(memory.value), memory.setting));
  if (swap) {
    const value = swap.value < 0 ? 'max' : String(Math.max(0, swap.value - (memory?.value ?? 0)));
    writes.push(advise(`${directory}/memory.swap.max`, value, swap.setting));
  }
  if (memoryReservation) {
    const { value, setting } = memoryReservation;
    writes.push(advise(`${directory}/memory.low`, String(value), setting));
  }
  return writes;
}

/**
 * v1 shares (2 to 262144, usually 1024) to v2 weight (1 to 10000, usually 100): a parabola through the ends and the
 * usual values on logarithmic scales. Source: opencontainers/cgroups, ConvertCPUSharesToCgroupV2Value.
 */
export function convertShares(shares: number): number {
  if (shares <= 2) return 1;
  if (shares >= 262_144) return 10_000;
  const l = Math.log2(shares);
  return Math.ceil(10 ** ((l * l + 125 * l) / 612 - 7 / 34));
}

function require(file: string, value: string, setting: string): CgroupWrite {
  return { file, value, setting, required: true };
}

function advise(file: string, value: string, setting: string): CgroupWrite {
  return { file, value, setting, required: false };
}
