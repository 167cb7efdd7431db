// Ends a container's life: over the control socket while its monitor lives, through its cgroup when that is gone.

import { readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isId } from '../../base/id.ts';
import { errnoOf, unless } from '../../base/system-error.ts';
import type { CgroupSpec, MonitorSpec } from '../../runtime/monitor-spec.ts';
import type { Descriptor } from '../../runtime/native.ts';
import type { EngineContext } from '../context.ts';
import { monitorClient, type StopRequest } from '../control/monitor.ts';
import { lockDirectory } from '../lock/file-lock.ts';
import { readContainerStatus } from '../status/status.ts';
import { DirectoryWaker } from '../watch/directory-waker.ts';

/** Resolves when the monitor has ended. False: it did not run. */
export async function stopContainer(
  context: EngineContext,
  id: string,
  request: StopRequest,
): Promise<boolean> {
  const { paths } = context.instance;
  const exitCode = await monitorClient.stop(paths.containerRun(id), request);
  if (exitCode === undefined) return false;
  const lock = await lockDirectory(context.native, paths.container(id), true);
  if (lock !== undefined) context.native.close(lock);
  return true;
}

/** The same as the host's wish, which is a signal to the monitor: signal and grace are the service's own. */
export async function stopWithHost({ native, instance }: EngineContext, id: string): Promise<boolean> {
  const { paths } = instance;
  const { alive, status } = readContainerStatus(paths, id);
  if (!alive || status?.monitorPid === undefined) return false;
  try {
    process.kill(status.monitorPid, 'SIGTERM');
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
  // Until it closes the connection: waiting for the lock would keep one of the few threads all the time.
  for await (const _ of monitorClient.subscribe(paths.containerRun(id)));
  const lock = await lockDirectory(native, paths.container(id), true);
  if (lock !== undefined) native.close(lock);
  return true;
}

/**
 * The lock of a container that does not run and of which nothing runs on. `running`: it runs, whoever started it.
 * Undefined: it is gone. Waits only for what ends or begins by itself.
 */
export async function lockStopped(
  context: EngineContext,
  id: string,
): Promise<Descriptor | 'running' | undefined> {
  const { paths } = context.instance;
  const lock = await lockUnlessRunning(context, id);
  if (typeof lock !== 'number') return lock;
  try {
    await emptyCgroup(context, paths.container(id));
    return lock;
  } catch (error) {
    context.native.close(lock);
    throw error;
  }
}

async function lockUnlessRunning(
  { native, instance }: EngineContext,
  id: string,
): Promise<Descriptor | 'running' | undefined> {
  const { paths } = instance;
  const free = await lockDirectory(native, paths.container(id), false);
  if (free !== undefined) return free;
  const waker = new DirectoryWaker([paths.container(id), paths.containerRun(id)]);
  try {
    for (;;) {
      const { alive, status } = readContainerStatus(paths, id);
      if (alive && status?.state !== 'exited') return 'running';
      // A monitor that has said how it ended holds the lock for a moment more. One that has said nothing yet was born
      // to a command that was killed: it will speak.
      if (status?.state !== 'created') return await lockDirectory(native, paths.container(id), true);
      await waker.next();
    }
  } finally {
    waker.close();
  }
}

/**
 * A free lock says that the monitor is gone, not that the container is dead. The caller holds the lock. Costs one
 * failing open when the monitor cleaned up after itself.
 */
export async function emptyCgroup(context: EngineContext, bundle: string): Promise<void> {
  const cgroup = readCgroup(bundle);
  if (cgroup === undefined || !hasCgroup(cgroup)) return;
  await context.native.killCgroup(cgroup.procs, cgroup.unified, cgroup.freezer);
  for (const directory of [...cgroup.directories].reverse()) removeCgroup(directory);
}

/**
 * Undefined: the bundle was never finished, so nothing ever ran in it; or a power failure took what was written last, and
 * with it all that ran.
 */
export function readCgroup(bundle: string): CgroupSpec | undefined {
  const text = unless(['ENOENT'], () => readFileSync(join(bundle, 'monitor.json'), 'utf8'));
  if (text === undefined) return undefined;
  try {
    return (JSON.parse(text) as MonitorSpec).cgroup;
  } catch {
    return undefined;
  }
}

function hasCgroup(cgroup: CgroupSpec): boolean {
  return (
    unless(['ENOENT', 'ENODEV'], () => readFileSync(join(cgroup.procs, 'cgroup.procs'), 'latin1')) !==
    undefined
  );
}

/**
 * With those that a privileged container made in its own. A cgroup that others are in, or that is gone, is none of ours
 * to remove.
 */
export function removeCgroup(directory: string): void {
  const isRemoved = unless(['ENOENT', 'ENOTEMPTY', 'EBUSY'], () => {
    rmdirSync(directory);
    return true;
  });
  if (isRemoved || !isId(basename(directory))) return;
  for (const path of listCgroupsBelow(directory).reverse()) removeEmptyCgroup(path);
  removeEmptyCgroup(directory);
}

function removeEmptyCgroup(directory: string): void {
  unless(['ENOENT', 'ENOTEMPTY', 'EBUSY'], () => rmdirSync(directory));
}

/** Each before those below it. */
function listCgroupsBelow(directory: string): string[] {
  const entries = unless(['ENOENT'], () => readdirSync(directory, { withFileTypes: true })) ?? [];
  const below = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(directory, name));
  return below.flatMap((path) => [path, ...listCgroupsBelow(path)]);
}
