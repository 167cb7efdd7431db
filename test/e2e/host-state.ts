// What the kernel and the disk hold, as sorted lines, so that a test can say that nothing of it was left or lost.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

export interface HostState {
  readonly processes: readonly string[];
  readonly mounts: readonly string[];
  readonly links: readonly string[];
  readonly networkNamespaces: readonly string[];
  readonly firewallTables: readonly string[];
  readonly cgroups: readonly string[];
  readonly sockets: readonly string[];
  readonly listeners: readonly string[];
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

function readProcess(pid: number): ProcessEntry | undefined {
  return attempt(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    readlinkSync(`/proc/${pid}/exe`);
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return fields[0] === 'Z' ? undefined : { pid, parent: Number(fields[1]), command };
  }, undefined);
}

/** Processes outside the test runner's own tree; kernel threads have no exe and are left out. */
export function listProcesses(): ProcessEntry[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((entry) => entry !== undefined);
  const byPid = new Map(all.map((entry) => [entry.pid, entry]));
  const isOurs = (entry: ProcessEntry): boolean => {
    for (let at: ProcessEntry | undefined = entry; at; at = byPid.get(at.parent)) {
      if (at.pid === process.pid) return true;
    }
    return false;
  };
  return all.filter((entry) => !isOurs(entry));
}

function findCgroups(directory: string, depth: number): string[] {
  if (depth === 0) return [];
  const entries = attempt(() => readdirSync(directory, { withFileTypes: true }), []);
  return entries
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      return [...(path.includes('tcompose') ? [path] : []), ...findCgroups(path, depth - 1)];
    });
}

function listListeners(): string[] {
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((table) =>
    lines(attempt(() => readFileSync(`/proc/net/${table}`, 'utf8'), ''))
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => table.startsWith('udp') || fields[3] === '0A')
      .map((fields) => `${table} ${fields[1]}`),
  );
}

export function observeHost(): HostState {
  const namespaces = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => attempt(() => readlinkSync(`/proc/${pid}/ns/net`), ''))
    .filter((name) => name !== '');
  const unix = lines(readFileSync('/proc/net/unix', 'utf8'))
    .map((line) => line.split(/\s+/)[7] ?? '')
    .filter((path) => path.includes('tcompose'));
  return {
    processes: listProcesses()
      .map((entry) => `${entry.pid} ${entry.command}`)
      .sort(),
    mounts: lines(readFileSync('/proc/self/mountinfo', 'utf8')).sort(),
    links: readdirSync('/sys/class/net').sort(),
    networkNamespaces: [...new Set(namespaces)].sort(),
    firewallTables: existsSync('/usr/sbin/nft')
      ? lines(execFileSync('/usr/sbin/nft', ['list', 'tables'], { encoding: 'utf8' })).sort()
      : [],
    cgroups: findCgroups('/sys/fs/cgroup', 5).sort(),
    sockets: [...new Set(unix)].sort(),
    listeners: [...new Set(listListeners())].sort(),
  };
}

/** What `after` has that `before` had not, by kind; kinds with nothing are left out. */
export function diffHost(before: HostState, after: HostState): Record<string, string[]> {
  const kinds = Object.keys(before) as (keyof HostState)[];
  const added = kinds.map(
    (kind) => [kind, after[kind].filter((line) => !before[kind].includes(line))] as const,
  );
  return Object.fromEntries(added.filter(([, found]) => found.length > 0));
}
