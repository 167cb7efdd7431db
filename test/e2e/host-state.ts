// What the kernel and the disk still hold of one instance of tcompose, found by its id and its data root, so that a test
// can say that nothing was left. Others may run tcompose on the same host at the same time.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

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

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  readonly cgroup: string;
}

function readProcess(pid: number): ProcessEntry | undefined {
  return attempt(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return { pid, parent: Number(parent), command, cgroup: readFileSync(`/proc/${pid}/cgroup`, 'utf8') };
  }, undefined);
}

/** Processes whose command line or cgroup has `mark` in it, the test runner's own aside. */
export function findProcesses(mark: string): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => readProcess(Number(name)))
    .filter((entry) => entry !== undefined)
    .filter((entry) => entry.command.includes(mark) || entry.cgroup.includes(mark));
}

/** Host pids of the processes in a container's cgroups; `id` may be cut short. */
export function findContained(id: string): number[] {
  return findProcesses(id)
    .filter((entry) => entry.cgroup.includes(`/${id}`))
    .map((entry) => entry.pid);
}

function findCgroups(directory: string, mark: string, depth: number): string[] {
  if (depth === 0) return [];
  const entries = attempt(() => readdirSync(directory, { withFileTypes: true }), []);
  return entries
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      return [...(path.includes(mark) ? [path] : []), ...findCgroups(path, mark, depth - 1)];
    });
}

function listTables(): string[] {
  if (!existsSync('/usr/sbin/nft')) return [];
  return lines(execFileSync('/usr/sbin/nft', ['list', 'tables'], { encoding: 'utf8' }));
}

/** Pid of the monitor of the container that has this id or directory; of its processes it is the first. */
export function findMonitor(id: string): number {
  const found = findProcesses(id).filter((entry) => entry.command.includes('monitor'));
  const monitor = found.find((entry) => found.every((other) => other.pid !== entry.parent));
  if (monitor === undefined) throw new Error(`no monitor of ${id} runs`);
  return monitor.pid;
}

/** Everything with one of the marks, by kind; kinds with nothing are left out. */
export function findLeftovers(instance: string, root: string): Record<string, string[]> {
  const marked = (line: string) => line.includes(instance) || line.includes(root);
  const run = `/run/tcompose-${instance}`;
  const found: Record<string, string[]> = {
    processes: [...findProcesses(root), ...findProcesses(`tcompose-${instance}`)].map(
      (entry) => `${entry.pid} ${entry.command}`,
    ),
    mounts: lines(readFileSync('/proc/self/mountinfo', 'utf8')).filter(marked),
    links: readdirSync('/sys/class/net').filter((name) => name.includes(instance)),
    firewall: listTables().filter(marked),
    cgroups: findCgroups('/sys/fs/cgroup', instance, 5),
    sockets: lines(readFileSync('/proc/net/unix', 'utf8')).filter(marked),
    containers: [...listDirectory(join(root, 'containers')), ...listDirectory(join(run, 'containers'))],
    networks: [...listDirectory(join(root, 'networks')), ...listDirectory(join(run, 'networks'))],
    portGroups: listDirectory(join(run, 'ports')),
    volumes: listDirectory(join(root, 'volumes')),
  };
  return Object.fromEntries(Object.entries(found).filter(([, values]) => values.length > 0));
}

export function listDirectory(path: string): string[] {
  return attempt(() => readdirSync(path), []);
}

/** Names on the whole host that any run of tcompose gives, for the suite's look before and after. */
export function observeHost(): Record<string, string[]> {
  return {
    // Compilers of the runtime have its name in their command lines too.
    processes: findProcesses('tcrun')
      .filter((entry) => entry.command.startsWith('tcrun '))
      .map((entry) => `${entry.pid} ${entry.command}`),
    mounts: lines(readFileSync('/proc/self/mountinfo', 'utf8')).map((line) =>
      line.split(' ').slice(3).join(' '),
    ),
    links: readdirSync('/sys/class/net'),
    firewall: listTables(),
    cgroups: findCgroups('/sys/fs/cgroup', 'tcompose', 5),
    runDirectories: listDirectory('/run').filter((name) => name.startsWith('tcompose')),
  };
}

/** What `after` has that `before` had not, by kind; kinds with nothing are left out. */
export function diffHost(
  before: Record<string, string[]>,
  after: Record<string, string[]>,
): Record<string, string[]> {
  const added = Object.keys(before).map(
    (kind) => [kind, after[kind]?.filter((line) => !before[kind]?.includes(line)) ?? []] as const,
  );
  return Object.fromEntries(added.filter(([, found]) => found.length > 0));
}
