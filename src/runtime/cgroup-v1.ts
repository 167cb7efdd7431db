// Limits as ordered writes into the files of cgroup v1. Sources: the kernel's admin-guide/cgroup-v1; the order and the
// files as opencontainers/cgroups has them.

import {
  advise,
  type DirectoryOf,
  type DiskNumbers,
  diskNumber,
  formatPids,
  limit,
  resolveMemorySwap,
} from './cgroup-writes.ts';
import type { CgroupWrite } from './monitor-spec.ts';
import type { DeviceRateKind, ResourceLimits } from './resource-limits.ts';

/** Real-time budget of the host, of which its cgroups have parts; what the container's parent gets. */
export interface RealtimeBudget {
  readonly period: string;
  readonly runtime: string;
}

export interface V1Input {
  readonly limits: ResourceLimits;
  readonly directoryOf: DirectoryOf;
  readonly disks: DiskNumbers;
  /** Directories above the container's in the cpu hierarchy, topmost first. */
  readonly cpuParents: readonly string[];
  readonly realtime?: RealtimeBudget;
}

export function formatV1Writes(input: V1Input): readonly CgroupWrite[] {
  const { limits, directoryOf, disks } = input;
  return [
    ...formatCpu(limits, directoryOf('cpu')),
    ...formatRealtime(input),
    ...formatMemory(limits, directoryOf('memory')),
    ...formatPids(limits, directoryOf('pids')),
    ...formatBlockIo(limits, directoryOf('blkio'), disks),
  ];
}

function formatCpu({ cpuQuota, cpuShares }: ResourceLimits, directory: string | undefined): CgroupWrite[] {
  if (!directory) return [];
  const writes: CgroupWrite[] = [];
  if (cpuShares) writes.push(advise(`${directory}/cpu.shares`, cpuShares.value, cpuShares));
  if (cpuQuota) {
    const { quota, period } = cpuQuota.value;
    writes.push(limit(`${directory}/cpu.cfs_period_us`, period, cpuQuota));
    writes.push(limit(`${directory}/cpu.cfs_quota_us`, quota, cpuQuota));
  }
  return writes;
}

/** New cgroups have no budget, and none can have more than the one above it. */
function formatRealtime({ limits, directoryOf, cpuParents, realtime }: V1Input): CgroupWrite[] {
  const { cpuRealtime: wish } = limits;
  const directory = directoryOf('cpu');
  if (!wish || !directory) return [];
  const { period, quota } = wish.value;
  const above = realtime
    ? cpuParents.flatMap((parent) => [
        limit(`${parent}/cpu.rt_period_us`, realtime.period, wish),
        limit(`${parent}/cpu.rt_runtime_us`, realtime.runtime, wish),
      ])
    : [];
  return [
    ...above,
    ...(period ? [limit(`${directory}/cpu.rt_period_us`, period, wish)] : []),
    ...(quota ? [limit(`${directory}/cpu.rt_runtime_us`, quota, wish)] : []),
  ];
}

/** Memory first: the kernel refuses a limit of memory and swap together that is below the limit of memory. */
function formatMemory(limits: ResourceLimits, directory: string | undefined): CgroupWrite[] {
  if (!directory) return [];
  const { memory, memoryReservation, swappiness, oomKillDisable } = limits;
  const swap = resolveMemorySwap(limits);
  const file = (name: string) => `${directory}/memory.${name}`;
  return [
    ...(memory ? [limit(file('limit_in_bytes'), memory.value, memory)] : []),
    ...(swap ? [advise(file('memsw.limit_in_bytes'), swap.value, swap)] : []),
    ...(memoryReservation
      ? [advise(file('soft_limit_in_bytes'), memoryReservation.value, memoryReservation)]
      : []),
    ...(swappiness ? [advise(file('swappiness'), swappiness.value, swappiness)] : []),
    ...(oomKillDisable ? [advise(file('oom_control'), 1, oomKillDisable)] : []),
  ];
}

const THROTTLES: Readonly<Record<DeviceRateKind, string>> = {
  device_read_bps: 'read_bps_device',
  device_write_bps: 'write_bps_device',
  device_read_iops: 'read_iops_device',
  device_write_iops: 'write_iops_device',
};

/** Weights belong to the scheduler: BFQ, or CFQ on kernels before 5.0. */
function formatBlockIo(
  { ioWeight, ioDeviceWeights, ioRates }: ResourceLimits,
  directory: string | undefined,
  disks: DiskNumbers,
): CgroupWrite[] {
  if (!directory) return [];
  const weigh = (name: string, value: string, wish: { value: unknown; setting: string }): CgroupWrite => ({
    ...advise(`${directory}/blkio.bfq.${name}`, value, wish),
    orElse: { file: `${directory}/blkio.${name}`, value },
  });
  return [
    ...(ioWeight ? [weigh('weight', String(ioWeight.value), ioWeight)] : []),
    ...(ioDeviceWeights?.value ?? []).map(({ path, weight }) =>
      weigh('weight_device', `${diskNumber(disks, path)} ${weight}`, {
        value: weight,
        setting: 'blkio_config.weight_device',
      }),
    ),
    ...(ioRates?.value ?? []).map(({ kind, path, rate }) =>
      limit(`${directory}/blkio.throttle.${THROTTLES[kind]}`, `${diskNumber(disks, path)} ${rate}`, {
        value: rate,
        setting: `blkio_config.${kind}`,
      }),
    ),
  ];
}
