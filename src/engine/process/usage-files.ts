// Numbers out of the files in which the kernel counts what a cgroup uses, of both versions (admin-guide/cgroup-v1,
// cgroup-v2), and out of proc_pid_net(5). Pure: every file is given as text, undefined if it is not there.

import type { ContainerUsage, Transfer } from '../ports.ts';

/** The text of a file of one of the container's cgroups. */
export type ReadCounter = (file: string) => string | undefined;

export function countUsage(
  read: ReadCounter,
): Pick<ContainerUsage, 'cpuNs' | 'memory' | 'processes' | 'disk'> {
  const processes = toNumber(read('pids.current'));
  const [cpuNs, memory, disk] = [countCpu(read), countMemory(read), countDisk(read)];
  return {
    ...(cpuNs === undefined ? {} : { cpuNs }),
    ...(memory === undefined ? {} : { memory }),
    ...(processes === undefined ? {} : { processes }),
    ...(disk && { disk }),
  };
}

function countCpu(read: ReadCounter): number | undefined {
  const microseconds = readKey(read('cpu.stat'), 'usage_usec');
  return toNumber(read('cpuacct.usage')) ?? (microseconds === undefined ? undefined : microseconds * 1000);
}

/** Without the inactive page cache, as the docker CLI counts it. */
function countMemory(read: ReadCounter): number | undefined {
  const stat = read('memory.stat');
  const used = toNumber(read('memory.usage_in_bytes')) ?? toNumber(read('memory.current'));
  const cache = readKey(stat, 'total_inactive_file') ?? readKey(stat, 'inactive_file') ?? 0;
  return used === undefined ? undefined : Math.max(0, used - cache);
}

/** Undefined: none, or more than any host has. */
export function readMemoryLimit(read: ReadCounter, available: number): number | undefined {
  const limit = toNumber(read('memory.limit_in_bytes')) ?? toNumber(read('memory.max'));
  return limit === undefined || limit >= available ? undefined : limit;
}

function countDisk(read: ReadCounter): Transfer | undefined {
  const v1 = read('blkio.throttle.io_service_bytes');
  if (v1 !== undefined)
    return { in: sum(v1, /^\d+:\d+ Read (\d+)$/gm), out: sum(v1, /^\d+:\d+ Write (\d+)$/gm) };
  const v2 = read('io.stat');
  return v2 === undefined ? undefined : { in: sum(v2, /\brbytes=(\d+)/g), out: sum(v2, /\bwbytes=(\d+)/g) };
}

/** /proc/PID/net/dev: two lines of header, then `NAME: BYTES ...` received, from the ninth number on sent. */
export function countNetwork(text: string): Transfer {
  const total = { in: 0, out: 0 };
  for (const line of text.split('\n').slice(2)) {
    const [name = '', numbers = ''] = line.split(':');
    const fields = numbers.trim().split(/\s+/).map(Number);
    if (numbers === '' || name.trim() === 'lo') continue;
    total.in += fields[0] ?? 0;
    total.out += fields[8] ?? 0;
  }
  return total;
}

function sum(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
}

function readKey(text: string | undefined, key: string): number | undefined {
  const line = text?.split('\n').find((entry) => entry.startsWith(`${key} `));
  return toNumber(line?.slice(key.length + 1));
}

/** `max` is no number. */
function toNumber(text: string | undefined): number | undefined {
  const trimmed = text?.trim();
  return trimmed !== undefined && /^\d+$/.test(trimmed) ? Number(trimmed) : undefined;
}
