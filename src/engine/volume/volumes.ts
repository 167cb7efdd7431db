// Volumes: a record and a directory `_data`. A volume is somebody's data: nothing here removes one that was not named.

import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { createId } from '../../base/id.ts';
import type { VolumeConfig } from '../../project/model.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { writeJsonFile } from '../record/json-file.ts';
import {
  readVolumeRecord,
  type VolumeRecord,
  volumeDataPath,
  volumeRecordPath,
} from '../record/volume-record.ts';

export interface NewVolume {
  readonly key: string;
  readonly project?: string;
  readonly config: VolumeConfig;
  readonly labels: Readonly<Record<string, string>>;
  readonly anonymous: boolean;
}

/** What a mount of the volume is bound from. */
export function volumeSource(paths: InstancePaths, record: VolumeRecord): string {
  return bindDevice(record.recorded) ?? volumeDataPath(paths, record.name);
}

/** Makes the volume, or finishes one whose making was cut off. */
export async function createVolume(paths: InstancePaths, volume: NewVolume): Promise<VolumeRecord> {
  const { config } = volume;
  checkVolume(config);
  const present = readVolumeRecord(paths, config.name);
  const record: VolumeRecord = present ?? {
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
  mkdirSync(paths.volume(config.name), { recursive: true, mode: 0o711 });
  if (present === undefined) await writeJsonFile(volumeRecordPath(paths, config.name), record);
  mkdirSync(volumeDataPath(paths, config.name), { recursive: true, mode: 0o755 });
  return record;
}

/** Gone from sight in one step; deleting what it held may take longer. */
export async function removeVolume(paths: InstancePaths, name: string): Promise<void> {
  const removed = join(paths.volumes, `.removing-${createId().slice(0, 12)}-${name}`);
  if (!existsSync(paths.volume(name))) return;
  renameSync(paths.volume(name), removed);
  await rm(removed, { recursive: true, force: true });
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
  if (config.driver !== undefined && config.driver !== 'local') {
    throw new TcError(`volume ${config.name}: driver "${config.driver}" is not supported`, {
      code: 'volume-driver',
      hints: ['leave out `driver`, or write `local`'],
    });
  }
  const options = Object.keys(config.driver_opts ?? {});
  if (options.length > 0 && bindDevice(config) === undefined) {
    throw new TcError(`volume ${config.name}: driver_opts other than a bind are not supported yet`, {
      code: 'volume-driver',
      hints: ['supported: type: none, o: bind, device: /absolute/path'],
    });
  }
}

/** `{type: none, o: bind, device: /path}`: the local driver's way to name a directory of the host. */
function bindDevice(config: VolumeConfig): string | undefined {
  const { type, o, device } = config.driver_opts ?? {};
  const isBind =
    (type === undefined || type === 'none' || type === 'bind') && /(^|,)r?bind(,|$)/.test(o ?? '');
  return isBind && device?.startsWith('/') ? device : undefined;
}
