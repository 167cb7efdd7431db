// A container that stands still while it is read. That it was frozen for this is on the disk, under a lock that ends
// with the process: one whose reader was killed does not stay frozen.

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { unless } from '../../base/system-error.ts';
import type { EngineContext } from '../context.ts';
import { monitorClient } from '../control/monitor.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { lockDirectory, withDirectoryLock } from '../lock/file-lock.ts';
import { readContainerStatus } from '../status/status.ts';

/** Runs `work` while the container is frozen. One that does not run, or that somebody froze, is left as it is. */
export async function whileFrozen<T>(
  context: EngineContext,
  id: string,
  work: () => Promise<T>,
  tell: (action: 'pause' | 'unpause') => void,
): Promise<T> {
  const { native, instance } = context;
  const runDir = instance.paths.containerRun(id);
  if (!isInState(instance.paths, id, 'running')) return work();
  const mark = markPath(instance.paths, id);
  return withDirectoryLock(native, mark, async () => {
    try {
      if (!isInState(instance.paths, id, 'running') || !(await monitorClient.pause(runDir)))
        return await work();
      tell('pause');
      try {
        return await work();
      } finally {
        if (await monitorClient.unpause(runDir)) tell('unpause');
      }
    } finally {
      rmSync(mark, { recursive: true, force: true });
    }
  });
}

/** From files alone: it may have been left frozen. */
export function isMarkedFrozen(paths: InstancePaths, id: string): boolean {
  return existsSync(markPath(paths, id)) && isInState(paths, id, 'paused');
}

/** It has been left frozen: its reader is no more. */
export function isLeftFrozen({ instance, native }: EngineContext, id: string): boolean {
  if (!isMarkedFrozen(instance.paths, id)) return false;
  const mark = unless(['ENOENT'], () => native.openDirectory(markPath(instance.paths, id)));
  if (mark === undefined) return false;
  try {
    return native.tryLock(mark, 'exclusive');
  } finally {
    native.close(mark);
  }
}

/** Lets a container go on whose reader is no more. True: it was frozen. */
export async function thawAbandoned({ instance, native }: EngineContext, id: string): Promise<boolean> {
  const mark = markPath(instance.paths, id);
  const lock = existsSync(mark) ? await lockDirectory(native, mark, false) : undefined;
  if (lock === undefined) return false;
  try {
    const wasFrozen = isInState(instance.paths, id, 'paused');
    if (wasFrozen) await monitorClient.unpause(instance.paths.containerRun(id));
    rmSync(mark, { recursive: true, force: true });
    return wasFrozen;
  } finally {
    native.close(lock);
  }
}

function markPath(paths: InstancePaths, id: string): string {
  return join(paths.containerRun(id), 'frozen');
}

function isInState(paths: InstancePaths, id: string, state: 'running' | 'paused'): boolean {
  const { alive, status } = readContainerStatus(paths, id);
  return alive && status?.state === state;
}
