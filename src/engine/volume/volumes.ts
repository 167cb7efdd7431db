// Volumes: a record and a directory `_data`. A volume is somebody's data: nothing here removes one that was not named.

import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { createId } from '../../base/id.ts';
import { unless } from '../../base/system-error.ts';
import type { VolumeConfig } from '../../project/model.ts';
import type { EngineContext } from '../context.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { writeNewJsonFile } from '../record/json-file.ts';
import { readVolumeRecord, type VolumeRecord, volumeDataPath } from '../record/volume-record.ts';
import { describeVolumeSource } from './volume-options.ts';

export interface NewVolume {
  readonly key: string;
  readonly project?: string;
  readonly config: VolumeConfig;
  readonly labels: Readonly<Record<string, string>>;
  readonly anonymous: boolean;
}

/** Makes the volume, unless it is there. Under its name it is complete, whenever the making was cut off. */
export async function createVolume(context: EngineContext, volume: NewVolume): Promise<VolumeRecord> {
  const { paths } = context.instance;
  const { config } = volume;
  checkVolume(config);
  const present = readVolumeRecord(paths, config.name);
  if (present) return present;
  const record: VolumeRecord = {
    v: 1,
    id: createId(),
    key: volume.key,
    name: config.name,
    ...(volume.project === undefined ? {} : { project: volume.project }),
    recorded: config,
    labels: volume.labels,
    anonymous: volume.anonymous,
    createdAt: new Date().toISOString(),
  };
  const directory = remnantPath(paths, 'creating', record.id);
  await whileLocked(context, directory, async () => {
    await writeNewJsonFile(join(directory, 'volume.json'), record);
    mkdirSync(join(directory, '_data'), { mode: 0o755 });
    renameSync(directory, paths.volume(config.name));
  });
  return record;
}

/**
 * Gone from sight in one step; deleting what it held may take longer. Several may remove it at once, as the last of the
 * containers that shared an anonymous one: one of them does it.
 */
export async function removeVolume(context: EngineContext, name: string): Promise<void> {
  const { native, instance } = context;
  const { paths } = instance;
  if (!existsSync(paths.volume(name))) return;
  await native.unmount(volumeDataPath(paths, name));
  const lock = unless(['ENOENT'], () => native.openDirectory(paths.volume(name)));
  if (lock === undefined) return;
  try {
    native.tryLock(lock, 'exclusive');
    const directory = remnantPath(paths, 'removing', createId());
    const isOurs = unless(['ENOENT'], () => {
      renameSync(paths.volume(name), directory);
      return true;
    });
    if (isOurs) await removeVolumeRemnant(context, directory);
  } finally {
    native.close(lock);
  }
}

/** What is mounted in there is somebody else's: it must be off before anything is deleted. */
export async function removeVolumeRemnant({ native }: EngineContext, directory: string): Promise<void> {
  const data = join(directory, '_data');
  if (native.isMountPoint(data)) await native.unmount(data);
  await rm(directory, { recursive: true, force: true });
}

/** Directories of volumes that are not there yet, or no more. Those that are locked are being worked on. */
export function listVolumeRemnants(paths: InstancePaths): string[] {
  const names = unless(['ENOENT'], () => readdirSync(paths.volumes)) ?? [];
  return names.filter((name) => name.startsWith('.')).map((name) => join(paths.volumes, name));
}

function remnantPath(paths: InstancePaths, mark: 'creating' | 'removing', id: string): string {
  return join(paths.volumes, `.${mark}-${id}`);
}

async function whileLocked(
  { native }: EngineContext,
  directory: string,
  action: () => Promise<void>,
): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  const lock = native.openDirectory(directory);
  try {
    native.tryLock(lock, 'exclusive');
    await action();
  } finally {
    native.close(lock);
  }
}

/** Throws what makes a volume impossible, before anything is made. */
export function checkVolume(config: VolumeConfig): void {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(config.name)) {
    throw new TcError(
      `volume name "${config.name}" has characters other than letters, digits, "_", "." and "-"`,
      {
        code: 'volume-name',
      },
    );
  }
  describeVolumeSource(config);
}
