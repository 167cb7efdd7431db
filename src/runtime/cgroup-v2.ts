// Limits as ordered writes into the files of cgroup v2. Sources: the kernel's admin-guide/cgroup-v2.rst; conversions
// as runc and crun have them.

import {
  advise,
  type DiskNumbers,
  diskNumber,
  formatPids,
  limit,
  resolveMemorySwap,
} from './cgroup-writes.ts';
import type { CgroupWrite } from './monitor-spec.ts';
import type { DeviceRateKind, ResourceLimits } from './resource-limits.ts';

export interface V2Input {
  readonly limits: ResourceLimits;
  readonly directory: string;
  /** Those that the directory has. */
  readonly controllers: readonly string[];
  readonly disks: DiskNumbers;
}

export function formatV2Writes({ limits, directory, controllers, disks }: V2Input): readonly CgroupWrite[] {
  const has = (controller: string) => controllers.includes(controller);
  const { cpuset } = limits;
  return [
    ...(has('cpu') ? formatCpu(limits, directory) : []),
    ...(has('cpuset') && cpuset ? [limit(`${directory}/cpuset.cpus`, cpuset.value, cpuset)] : []),
    ...(has('memory') ? formatMemory(limits, directory) : []),
    ...formatPids(limits, has('pids') ? directory : undefined),
    ...(has('io') ? formatIo(limits, directory, disks) : []),
  ];
}

function formatCpu({ cpuQuota, cpuShares }: ResourceLimits, directory: string): CgroupWrite[] {
  const writes: CgroupWrite[] = [];
  if (cpuShares) {
    writes.push(advise(`${directory}/cpu.weight`, convertShares(cpuShares.value), cpuShares));
  }
  if (cpuQuota) {
    const { quota, period } = cpuQuota.value;
    writes.push(limit(`${directory}/cpu.max`, `${quota < 0 ? 'max' : quota} ${period}`, cpuQuota));
  }
  return writes;
}

/** memory.swap.max counts swap alone. */
function formatMemory(limits: ResourceLimits, directory: string): CgroupWrite[] {
  const { memory, memoryReservation } = limits;
  const swap = resolveMemorySwap(limits);
  const writes: CgroupWrite[] = [];
  if (memory) writes.push(limit(`${directory}/memory.max`, memory.value, memory));
  if (swap) {
    const value = swap.value < 0 ? 'max' : Math.max(0, swap.value - (memory?.value ?? 0));
    writes.push(advise(`${directory}/memory.swap.max`, value, swap));
  }
  if (memoryReservation) {
    writes.push(advise(`${directory}/memory.low`, memoryReservation.value, memoryReservation));
  }
  return writes;
}

const RATES: Readonly<Record<DeviceRateKind, string>> = {
  device_read_bps: 'rbps',
  device_write_bps: 'wbps',
  device_read_iops: 'riops',
  device_write_iops: 'wiops',
};

/** Weights belong to BFQ, or to the io.cost controller, which counts to 10,000. */
function formatIo(
  { ioWeight, ioDeviceWeights, ioRates }: ResourceLimits,
  directory: string,
  disks: DiskNumbers,
): CgroupWrite[] {
  const weigh = (prefix: string, weight: number, setting: string): CgroupWrite => ({
    ...advise(`${directory}/io.bfq.weight`, `${prefix}${weight}`, { value: weight, setting }),
    orElse: { file: `${directory}/io.weight`, value: `${prefix}${convertIoWeight(weight)}` },
  });
  return [
    ...(ioWeight ? [weigh('', ioWeight.value, ioWeight.setting)] : []),
    ...(ioDeviceWeights?.value ?? []).map(({ path, weight }) =>
      weigh(`${diskNumber(disks, path)} `, weight, 'blkio_config.weight_device'),
    ),
    ...(ioRates?.value ?? []).map(({ kind, path, rate }) =>
      limit(`${directory}/io.max`, `${diskNumber(disks, path)} ${RATES[kind]}=${rate}`, {
        value: rate,
        setting: `blkio_config.${kind}`,
      }),
    ),
  ];
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

/** v1 weight (10 to 1000) to v2 weight (1 to 10000). Source: opencontainers/cgroups, ConvertBlkIOToIOWeightValue. */
export function convertIoWeight(weight: number): number {
  return Math.trunc(1 + ((weight - 10) * 9999) / 990);
}
