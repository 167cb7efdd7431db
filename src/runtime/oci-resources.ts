// The limits once more in the words of the OCI configuration, for other runtimes; tcrun obeys monitor.json.

import { type DiskNumbers, diskNumber, resolveMemorySwap } from './cgroup-writes.ts';
import type { DeviceRule } from './device-rules.ts';
import type { DeviceRateKind, ResourceLimits } from './resource-limits.ts';

export interface OciResourceInput {
  readonly disks: DiskNumbers;
  /** Undefined: every device may be used. */
  readonly deviceRules: readonly DeviceRule[] | undefined;
}

type OciResources = Readonly<Record<string, unknown>>;

export function formatOciResources(
  limits: ResourceLimits,
  { disks, deviceRules }: OciResourceInput,
): OciResources {
  const blockIo = formatBlockIo(limits, disks);
  return {
    devices: [
      { allow: deviceRules === undefined, access: 'rwm' },
      ...(deviceRules ?? []).map((rule) => ({ allow: true, ...rule })),
    ],
    memory: formatMemory(limits),
    cpu: formatCpu(limits),
    ...(limits.pids && { pids: { limit: limits.pids.value } }),
    ...(Object.keys(blockIo).length > 0 && { blockIO: blockIo }),
  };
}

function formatMemory(limits: ResourceLimits): OciResources {
  const { memory, memoryReservation, swappiness, oomKillDisable } = limits;
  const swap = resolveMemorySwap(limits);
  return {
    ...(memory && { limit: memory.value }),
    ...(swap && { swap: swap.value }),
    ...(memoryReservation && { reservation: memoryReservation.value }),
    ...(swappiness && { swappiness: swappiness.value }),
    ...(oomKillDisable && { disableOOMKiller: true }),
  };
}

function formatCpu({ cpuQuota, cpuRealtime, cpuShares, cpuset }: ResourceLimits): OciResources {
  return {
    ...cpuQuota?.value,
    ...(cpuRealtime?.value.quota && { realtimeRuntime: cpuRealtime.value.quota }),
    ...(cpuRealtime?.value.period && { realtimePeriod: cpuRealtime.value.period }),
    ...(cpuShares && { shares: cpuShares.value }),
    ...(cpuset && { cpus: cpuset.value }),
  };
}

const THROTTLES: Readonly<Record<DeviceRateKind, string>> = {
  device_read_bps: 'throttleReadBpsDevice',
  device_write_bps: 'throttleWriteBpsDevice',
  device_read_iops: 'throttleReadIOPSDevice',
  device_write_iops: 'throttleWriteIOPSDevice',
};

function formatBlockIo(
  { ioWeight, ioDeviceWeights, ioRates }: ResourceLimits,
  disks: DiskNumbers,
): OciResources {
  const numbers = (path: string) => {
    const [major, minor] = diskNumber(disks, path).split(':').map(Number);
    return { major, minor };
  };
  const throttles = Object.entries(THROTTLES).flatMap(([kind, name]) => {
    const rates = ioRates?.value.filter((rate) => rate.kind === kind) ?? [];
    return rates.length > 0 ? [[name, rates.map(({ path, rate }) => ({ ...numbers(path), rate }))]] : [];
  });
  return {
    ...(ioWeight && { weight: ioWeight.value }),
    ...(ioDeviceWeights && {
      weightDevice: ioDeviceWeights.value.map(({ path, weight }) => ({ ...numbers(path), weight })),
    }),
    ...Object.fromEntries(throttles),
  };
}
