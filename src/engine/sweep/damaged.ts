// Records that cannot be read any more: after a power failure, a full disk, an editor. They are set aside, never deleted;
// what a volume holds stays reachable under the volume's name.

import { readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { createId } from '../../base/id.ts';
import { unless } from '../../base/system-error.ts';
import type { EngineContext } from '../context.ts';
import { lockDirectory } from '../lock/file-lock.ts';
import { listContainerIds, readContainerRecord } from '../record/container-record.ts';
import { readJsonFile, writeJsonFile } from '../record/json-file.ts';
import { readNetworkRecord } from '../record/network-record.ts';
import { readVolumeRecord, type VolumeRecord, volumeRecordPath } from '../record/volume-record.ts';
import { lastPath, statusPath } from '../status/status.ts';
import type { Discrepancy } from './check.ts';

const WHY = 'its record is damaged';

export function findDamagedRecords(context: EngineContext): Discrepancy[] {
  const { paths } = context.instance;
  const names = (directory: string) => unless(['ENOENT'], () => readdirSync(directory)) ?? [];
  const networks = names(paths.networks).filter((name) => name.endsWith('.json'));
  return [
    ...listContainerIds(paths).flatMap((id) => findDamagedContainer(context, id)),
    ...networks
      .filter((name) => isDamaged(() => readNetworkRecord(paths, name.slice(0, -'.json'.length))))
      .map((name) => ({
        what: `network ${name.slice(0, 12)}`,
        why: WHY,
        repair: () => renameSync(join(paths.networks, name), join(paths.networks, `${name}.damaged`)),
      })),
    ...names(paths.volumes)
      .filter((name) => !name.startsWith('.') && isDamaged(() => readVolumeRecord(paths, name)))
      .map((name) => ({ what: `volume ${name}`, why: WHY, repair: () => describeVolumeAnew(context, name) })),
  ];
}

/** What it is, and what it is started from: set aside. How its last life ended: forgotten. */
function findDamagedContainer(context: EngineContext, id: string): Discrepancy[] {
  const { paths } = context.instance;
  const what = `container ${id.slice(0, 12)}`;
  const isUnusable =
    isDamaged(() => readContainerRecord(paths, id)) ||
    ['config.json', 'monitor.json'].some((name) => !isJson(join(paths.container(id), name)));
  if (isUnusable) return [{ what, why: WHY, repair: () => setContainerAside(context, id) }];
  return [lastPath(paths, id), statusPath(paths, id)]
    .filter((path) => isDamaged(() => readJsonFile(path, 1)))
    .map((path) => ({
      what,
      why: 'how it ended is damaged',
      repair: () => renameSync(path, `${path}.damaged`),
    }));
}

/** These are written without waiting for the disk: a power failure soon after may leave them empty. */
function isJson(path: string): boolean {
  const text = unless(['ENOENT'], () => readFileSync(path, 'utf8'));
  try {
    return text === undefined || typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}

function isDamaged(read: () => unknown): boolean {
  try {
    read();
    return false;
  } catch (error) {
    if (error instanceof TcError && error.code === 'record-damaged') return true;
    throw error;
  }
}

/** One that still runs is left alone: it ends first. */
async function setContainerAside({ native, instance }: EngineContext, id: string): Promise<boolean> {
  const { paths } = instance;
  const lock = await lockDirectory(native, paths.container(id), false);
  if (lock === undefined) return false;
  renameSync(paths.container(id), join(paths.containers, `.damaged-${id}`));
  native.close(lock);
  return true;
}

/** A volume of no project: found by its name, with all that it holds, and removed by nobody. */
async function describeVolumeAnew({ instance }: EngineContext, name: string): Promise<void> {
  const path = volumeRecordPath(instance.paths, name);
  renameSync(path, `${path}.damaged`);
  const record: VolumeRecord = {
    v: 1,
    id: createId(),
    key: name,
    name,
    recorded: { name },
    labels: {},
    anonymous: false,
    createdAt: new Date().toISOString(),
  };
  await writeJsonFile(path, record);
}
