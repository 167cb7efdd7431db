// The processes of a container, found by its cgroup and read from the host's /proc: nothing runs in the container, and
// what is in it cannot hide one.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unless } from '../../base/system-error.ts';
import { readCgroup } from '../container/stop.ts';
import type { InstancePaths } from '../instance/paths.ts';
import type { ContainerProcess } from '../ports.ts';
import { parseProcessStat } from './process-stat.ts';

export function listProcesses(paths: InstancePaths, containerId: string): readonly ContainerProcess[] {
  const cgroup = readCgroup(paths.container(containerId));
  const members = cgroup && readIfThere(join(cgroup.procs, 'cgroup.procs'));
  if (!members) return [];
  const users = readUserNames();
  const bootTime = readBootTime();
  const pids = members.split('\n').filter((line) => line !== '' && line !== '0');
  return [...new Set(pids.map(Number))]
    .sort((a, b) => a - b)
    .flatMap((pid) => readProcess(pid, { users, bootTime }) ?? []);
}

/** Undefined: it has ended in the meantime. */
function readProcess(
  pid: number,
  host: { readonly users: ReadonlyMap<number, string>; readonly bootTime: number },
): ContainerProcess | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  const status = readIfThere(`/proc/${pid}/status`);
  const argumentsText = readIfThere(`/proc/${pid}/cmdline`);
  if (stat === undefined || status === undefined || argumentsText === undefined) return undefined;
  const { cpuSeconds, name, parentPid, startSeconds, terminal } = parseProcessStat(stat);
  // Real, effective, saved, file system: ps prints the effective one.
  const uid = Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1]);
  const user = host.users.get(uid);
  return {
    pid,
    parentPid,
    uid,
    ...(user === undefined ? {} : { user }),
    startedAt: new Date((host.bootTime + startSeconds) * 1000).toISOString(),
    cpuSeconds,
    ...(terminal === undefined ? {} : { terminal }),
    command: argumentsText === '' ? `[${name}]` : argumentsText.replace(/\0+$/, '').replaceAll('\0', ' '),
  };
}

/** Seconds since the epoch. */
function readBootTime(): number {
  return Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
}

function readUserNames(): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of (readIfThere('/etc/passwd') ?? '').split('\n')) {
    const [name, , uid] = line.split(':');
    if (name && uid && !names.has(Number(uid))) names.set(Number(uid), name);
  }
  return names;
}

function readIfThere(path: string): string | undefined {
  return unless(['ENOENT', 'ESRCH', 'ENODEV'], () => readFileSync(path, 'utf8'));
}
