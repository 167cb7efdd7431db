// volumes/<name>/volume.json, beside the volume's `_data`.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { unless } from '../../base/system-error.ts';
import type { VolumeConfig } from '../../project/model.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { readJsonFile, type Versioned } from './json-file.ts';

export interface VolumeRecord extends Versioned {
  readonly v: 1;
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly project?: string;
  readonly recorded: VolumeConfig;
  readonly labels: Readonly<Record<string, string>>;
  readonly anonymous: boolean;
  readonly createdAt: string;
}

export function volumeRecordPath(paths: InstancePaths, name: string): string {
  return join(paths.volume(name), 'volume.json');
}

export function volumeDataPath(paths: InstancePaths, name: string): string {
  return join(paths.volume(name), '_data');
}

export function readVolumeRecord(paths: InstancePaths, name: string): VolumeRecord | undefined {
  return readJsonFile<VolumeRecord>(volumeRecordPath(paths, name), 1);
}

/** Names that begin with a dot are of volumes that are being made or removed. */
export function listVolumeRecords(paths: InstancePaths): VolumeRecord[] {
  const names = unless(['ENOENT'], () => readdirSync(paths.volumes)) ?? [];
  return names
    .filter((name) => !name.startsWith('.'))
    .map((name) => readVolumeRecord(paths, name))
    .filter((record) => record !== undefined);
}
