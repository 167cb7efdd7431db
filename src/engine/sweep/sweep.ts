// Mends what dead processes left: monitors that were killed, containers that were half made or half removed. Runs before
// each plan that changes something. It touches only what it can lock: what is locked is somebody's work.

import { renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Descriptor } from '../../runtime/native.ts';
import { discardRemnant } from '../container/discard.ts';
import { thawAbandoned } from '../container/freeze.ts';
import { listRemnants, type Remnant, remnantOwnerPath, remnantPath } from '../container/remnant.ts';
import { emptyCgroup } from '../container/stop.ts';
import type { EngineContext } from '../context.ts';
import { openEventLog } from '../event/event-log.ts';
import { lockDirectory, openLockFile } from '../lock/file-lock.ts';
import { type ContainerRecord, readContainerRecord } from '../record/container-record.ts';
import { removeFile } from '../record/json-file.ts';
import type { VolumeRecord } from '../record/volume-record.ts';
import { lastPath, type MonitorStatus, markLost, readContainerStatus, statusPath } from '../status/status.ts';
import { unmountAbandoned } from '../volume/mounted-volumes.ts';
import { listVolumeRemnants, removeVolumeRemnant } from '../volume/volumes.ts';
import { leaveEverything } from './membership.ts';
import { findAbandoned } from './needs-sweep.ts';

/** Returns what it mended, one sentence each. */
export async function sweep(
  context: EngineContext,
  containerIds: Iterable<string>,
  volumes: readonly VolumeRecord[] = [],
): Promise<string[]> {
  const mended: string[] = [];
  for (const id of containerIds) {
    const name = await sweepContainer(context, id);
    if (name !== undefined) mended.push(`${name}: its monitor was lost; recorded as exited with 137`);
    if (await thawAbandoned(context, id)) {
      const { name: frozen = id } = readContainerRecord(context.instance.paths, id) ?? {};
      mended.push(`${frozen}: a commit that was killed had left it frozen; it goes on`);
    }
  }
  for (const remnant of listRemnants(context.instance.paths)) {
    const done = await withLock(context, remnant.directory, () => sweepRemnant(context, remnant));
    // What ended as it should is no news; of a step of a build its builder would have told.
    if (!done || remnant.mark === 'ended' || remnant.mark === 'building') continue;
    mended.push(`container ${remnant.id.slice(0, 12)}: finished an interrupted ${remnant.mark}`);
  }
  for (const path of findAbandoned(context.instance.paths)) removeFile(path);
  for (const directory of listVolumeRemnants(context.instance.paths)) {
    const done = await withLock(context, directory, () => removeVolumeRemnant(context, directory));
    if (done) mended.push('removed a volume whose making or removal was interrupted');
  }
  for (const name of await unmountAbandoned(context, volumes)) {
    mended.push(`volume ${name}: unmounted, as nobody uses it any more`);
  }
  return mended;
}

/** A build step may have been running when its builder was killed. */
async function sweepRemnant(context: EngineContext, remnant: Remnant): Promise<void> {
  const path = remnantOwnerPath(remnant);
  if (path === undefined) return discardRemnant(context, remnant);
  const owner = openLockFile(path);
  try {
    if (!context.native.tryLock(owner, 'exclusive')) return;
    await emptyCgroup(context, remnant.directory);
    await discardRemnant(context, remnant);
  } finally {
    context.native.close(owner);
  }
}

async function sweepContainer(context: EngineContext, id: string): Promise<string | undefined> {
  const { paths } = context.instance;
  if (!readContainerStatus(paths, id).lost) return undefined;
  let name: string | undefined;
  await withLock(context, paths.container(id), async () => {
    // Read again: until the lock was ours, somebody else may have mended it.
    const { status, lost } = readContainerStatus(paths, id);
    const record = readContainerRecord(paths, id);
    if (!lost || status === undefined || record === undefined) return;
    await buryContainer(context, record, status);
    name = record.name;
  });
  return name;
}

async function buryContainer(
  context: EngineContext,
  record: ContainerRecord,
  status: MonitorStatus,
): Promise<void> {
  const { paths } = context.instance;
  await emptyCgroup(context, paths.container(record.id));
  await leaveEverything(context, record);
  const last = { ...markLost(status), finishedAt: new Date().toISOString() };
  writeFileSync(lastPath(paths, record.id), `${JSON.stringify(last)}\n`, { mode: 0o600, flush: true });
  rmSync(statusPath(paths, record.id), { force: true });
  openEventLog(paths.events).container('die', record, { exitCode: String(last.exitCode) });
  if (record.onEnd === 'remove')
    renameSync(paths.container(record.id), remnantPath(paths, 'ended', record.id));
}

async function withLock(
  context: EngineContext,
  directory: string,
  action: () => Promise<void>,
): Promise<boolean> {
  const lock: Descriptor | undefined = await lockDirectory(context.native, directory, false);
  if (lock === undefined) return false;
  try {
    await action();
    return true;
  } finally {
    context.native.close(lock);
  }
}
