// Writes into cgroup files, and what v1 and v2 decide alike.

import type { CgroupWrite } from './monitor-spec.ts';
import type { ResourceLimits, Wish } from './resource-limits.ts';

/** Directory of the container in the v1 hierarchy of a controller; undefined where the host has none. */
export type DirectoryOf = (controller: string) => string | undefined;

/** Path of a block device -> `MAJOR:MINOR`. */
export type DiskNumbers = Readonly<Record<string, string>>;

/** The user asked for a limit: without it the container must not start. */
export function limit(file: string, value: string | number, { setting }: Wish<unknown>): CgroupWrite {
  return { file, value: String(value), setting, required: true };
}

/** Advice: the container starts without it, with a warning. */
export function advise(file: string, value: string | number, { setting }: Wish<unknown>): CgroupWrite {
  return { file, value: String(value), setting, required: false };
}

/** Unsaid, a container with a memory limit may swap as much again, as under Docker. */
export function resolveMemorySwap({ memory, memorySwap }: ResourceLimits): ResourceLimits['memorySwap'] {
  return memorySwap ?? (memory && { value: 2 * memory.value, setting: memory.setting });
}

export function formatPids({ pids }: ResourceLimits, directory: string | undefined): CgroupWrite[] {
  return directory && pids ? [limit(`${directory}/pids.max`, pids.value, pids)] : [];
}

/** A path that `disks` lacks is a plan that is only looked at: the real one was refused by observeDisks. */
export function diskNumber(disks: DiskNumbers, path: string): string {
  return disks[path] ?? '0:0';
}
