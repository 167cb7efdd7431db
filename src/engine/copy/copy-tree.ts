// A tree that `cp` reads or writes: a container's, running or not, or the host's. All work in it is done by roles of tcrun
// that are shut into it; here it is only decided what their root is.

import { mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { unless } from '../../base/system-error.ts';
import { readRole } from '../../image/layer/pack.ts';
import { feedRole } from '../../image/layer/untar.ts';
import type { ObservedContainer } from '../../plan/observed-state.ts';
import type { MonitorSpec } from '../../runtime/monitor-spec.ts';
import {
  type Archiver,
  type Descriptor,
  type SpawnArchiverRequest,
  tcrunPath,
} from '../../runtime/native.ts';
import { lockStopped } from '../container/stop.ts';
import type { EngineContext } from '../context.ts';
import { holdContainer } from '../control/hand-over.ts';
import type { CopyEntry, CopyTree, CopyWriteOptions } from '../ports.ts';
import { parseProcessStat } from '../process/process-stat.ts';
import { readContainerRecord } from '../record/container-record.ts';
import { readContainerStatus } from '../status/status.ts';
import { DirectoryWaker } from '../watch/directory-waker.ts';
import { describeCopyFailure } from './copy-failure.ts';
import { listStoppedMounts, StoppedTree } from './stopped-tree.ts';

/** USER_HZ, in which the status tells when a process began. */
const TICKS = 100;

/** Milliseconds to get at a container that ends and starts meanwhile. */
const PATIENCE = 5000;

/** What a role works in. */
interface Root {
  readonly directory: Descriptor;
  /** For reading, and for writing. */
  readonly reading: readonly string[];
  readonly writing: readonly string[];
  /** So that nobody starts the container meanwhile. */
  readonly guard?: Descriptor;
  /** Whose ids the files have. */
  readonly userNamespace?: Descriptor;
  close(): void;
}

export function openHostTree(context: EngineContext, directory: string): CopyTree {
  return openDirectoryTree(context, directory, 'this host');
}

function openDirectoryTree({ native }: EngineContext, directory: string, what: string): CopyTree {
  const fd = native.openDirectory(directory);
  const close = () => native.close(fd);
  return new RootTree(native, { directory: fd, reading: ['live'], writing: ['live'], close }, what);
}

export async function openContainerTree(
  context: EngineContext,
  container: ObservedContainer,
): Promise<CopyTree> {
  const { name } = container;
  refuseOpaque(context, container);
  const live = openLive(context, container);
  return live ? new RootTree(context.native, live, name) : openPassingTree(context, container);
}

/** Of one that does not run, or no more, or not yet: what has ended in it may not have been reaped by its monitor. */
async function openPassingTree(context: EngineContext, container: ObservedContainer): Promise<CopyTree> {
  const { id, name } = container;
  const timeout = AbortSignal.timeout(PATIENCE);
  const waker = new DirectoryWaker([context.instance.paths.containerRun(id)], timeout);
  try {
    do {
      const guard = await guardStopped(context, id);
      if (guard === undefined) throw new TcError(`container ${name} is gone`, { code: 'container-gone' });
      if (guard !== 'running') return openStoppedTree(context, container, guard);
      const live = openLive(context, container);
      if (live) return new RootTree(context.native, live, name);
      await waker.next();
    } while (!timeout.aborted);
  } finally {
    waker.close();
  }
  throw new TcError(`container ${name} is being started or stopped`, {
    code: 'changed-meanwhile',
    hints: [`try again; \`tcompose ps -a\` shows what becomes of it`],
  });
}

/** What keeps a container from running. */
interface Guard {
  /** Held by the roles as well, which may live longer than this command. */
  readonly shared: Descriptor;
  readonly own: readonly Descriptor[];
}

/** Undefined: it is gone. `running`: it is, or just was. */
async function guardStopped(context: EngineContext, id: string): Promise<Guard | 'running' | undefined> {
  const lock = await lockStopped(context, id);
  if (lock === undefined) return undefined;
  if (lock !== 'running') return { shared: lock, own: [] };
  const hold = await holdContainer(context, id);
  return hold ? { shared: hold.connection, own: [hold.lock] } : 'running';
}

/** What is visible of its processes from here is not what they see, and what they write may not be on the disk yet. */
function refuseOpaque({ instance }: EngineContext, { id, name }: ObservedContainer): void {
  const { runtime } = readContainerRecord(instance.paths, id) ?? {};
  if (!runtime?.isOpaque || !readContainerStatus(instance.paths, id).alive) return;
  throw new TcError(`container ${name} runs under ${runtime.name}: only that gets into it`, {
    code: 'copy-failed',
    hints: [`stop it first, or copy through a command: \`tcompose exec -T ... tar -c ...\``],
  });
}

/** The root as the container's processes see it, mounts and all. Undefined: it does not run. */
function openLive({ native, instance }: EngineContext, { id }: ObservedContainer): Root | undefined {
  const { alive, status } = readContainerStatus(instance.paths, id);
  if (!alive || (status?.state !== 'running' && status?.state !== 'paused')) return undefined;
  const { pid = 0, pidStart } = status;
  try {
    const root = openRoot(native, pid, readContainerRecord(instance.paths, id)?.idRange !== undefined);
    // Only now: had the pid passed to somebody else, the root would be his.
    const { startSeconds } = parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    if (Math.round(startSeconds * TICKS) === pidStart) return root;
    root.close();
  } catch {
    // It ended just now.
  }
  return undefined;
}

function openRoot(native: EngineContext['native'], pid: number, isRemapped: boolean): Root {
  const directory = native.openDirectory(`/proc/${pid}/root`);
  const close = () => native.close(directory);
  if (!isRemapped) return { directory, reading: ['live'], writing: ['live'], close };
  try {
    const userNamespace = openSync(`/proc/${pid}/ns/user`, 'r');
    const [reading, writing] = [['remapped'], ['remapped']];
    return {
      directory,
      reading,
      writing,
      userNamespace,
      close() {
        close();
        native.close(userNamespace);
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

function openStoppedTree(context: EngineContext, container: ObservedContainer, guard: Guard): CopyTree {
  const { native, instance } = context;
  const { id, name } = container;
  try {
    const record = readContainerRecord(instance.paths, id);
    const mounts = record ? listStoppedMounts(instance.paths, record) : [];
    const root = new RootTree(native, openStopped(context, container, guard), name);
    return new StoppedTree(root, { name, mounts }, (directory) =>
      openDirectoryTree(context, directory, name),
    );
  } catch (error) {
    release(context, guard);
    throw error;
  }
}

function release({ native }: EngineContext, { own, shared }: Guard): void {
  for (const descriptor of [shared, ...own]) native.close(descriptor);
}

/** Its layers, put together where only the role sees it. Its mounts are not there. */
function openStopped(context: EngineContext, { id }: ObservedContainer, guard: Guard): Root {
  const { native, instance } = context;
  const bundle = instance.paths.container(id);
  const { root } = JSON.parse(readFileSync(join(bundle, 'monitor.json'), 'utf8')) as MonitorSpec;
  // Not the container's own: that one tells whether it ever ran.
  const work = join(bundle, 'copy-work');
  const directory = native.openDirectory(bundle);
  try {
    // Not recursively: a bundle that has gone meanwhile is not to come back.
    unless(['EEXIST'], () => mkdirSync(work, { mode: 0o700 }));
  } catch (error) {
    native.close(directory);
    throw error;
  }
  return {
    directory,
    reading: ['stack', root.upper, ...root.layers],
    writing: ['write', work, root.upper, ...root.layers],
    guard: guard.shared,
    close() {
      native.close(directory);
      rmSync(work, { recursive: true, force: true });
      release(context, guard);
    },
  };
}

class RootTree implements CopyTree {
  readonly #native: EngineContext['native'];
  readonly #root: Root;
  readonly #what: string;

  constructor(native: EngineContext['native'], root: Root, what: string) {
    this.#native = native;
    this.#root = root;
    this.#what = what;
  }

  async look(path: string, follow: boolean): Promise<CopyEntry> {
    const role = this.#start('copy-look', [path, follow ? 'follow' : 'stay', ...this.#root.reading]);
    const done = await feedRole(role, [], { what: this.#describe(path), describe: describeCopyFailure });
    const { kind, path: found } = done as { kind: CopyEntry['kind']; path?: string };
    return { kind, path: found === undefined ? path : Buffer.from(found, 'latin1').toString('utf8') };
  }

  read(path: string, name: string): AsyncIterable<Uint8Array> {
    const start = () => this.#start('copy-out', [path, name, ...this.#root.reading]);
    return readRole(start, this.#describe(path), describeCopyFailure);
  }

  async write(
    directory: string,
    input: AsyncIterable<Uint8Array>,
    { changeDirectories, devices, keepOwners }: CopyWriteOptions,
  ): Promise<void> {
    const flags = `-${keepOwners ? 'o' : ''}${devices ? 'd' : ''}${changeDirectories ? 'm' : ''}`;
    const role = this.#start('copy-in', [directory, flags, ...this.#root.writing]);
    await feedRole(role, input, { what: this.#describe(directory), describe: describeCopyFailure });
  }

  async remove(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    const role = this.#start('copy-remove', [`${paths.length}`, '-', ...this.#root.writing]);
    const names = Buffer.from(paths.map((path) => `${path}\0`).join(''));
    await feedRole(role, [names], { what: this.#what, describe: describeCopyFailure });
  }

  close(): void {
    this.#root.close();
  }

  #start(role: SpawnArchiverRequest['role'], words: readonly string[]): Archiver {
    const { directory, guard, userNamespace } = this.#root;
    return this.#native.spawnArchiver({
      executable: tcrunPath(),
      role,
      arguments: words,
      directory,
      lock: guard,
      userNamespace,
    });
  }

  #describe(path: string): string {
    return `${this.#what}: ${path}`;
  }
}
