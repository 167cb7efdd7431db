// Fills a new container's directory, and what its mounts are bound from.

import { chmodSync, chownSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ResolvedImage } from '../../image/image.ts';
import type { EngineContext } from '../context.ts';
import { readVolumeRecord, volumeDataPath } from '../record/volume-record.ts';
import { copyImageContent } from '../volume/copy-up.ts';
import { createVolume, volumeSource } from '../volume/volumes.ts';
import { formatResourceLabels } from './labels.ts';
import { createBindSource, type PlannedMount, writeContentFile } from './mounts.ts';

export interface FillOrder {
  readonly project: string;
  readonly service: string;
  readonly image: ResolvedImage;
  readonly mounts: readonly PlannedMount[];
  /** The container's directory, under whatever name it has at the moment. */
  readonly directory: string;
}

export async function makeMountSources(context: EngineContext, order: FillOrder): Promise<void> {
  for (const mount of order.mounts) {
    if (mount.type === 'bind') createBindSource(mount, order.service);
    if (mount.type === 'content') {
      const { from } = mount.file;
      const data = 'file' in from ? readFileSync(from.file) : from.content;
      writeContentFile(join(order.directory, mount.file.name), mount.file, data);
    }
    if (mount.type === 'volume') await prepareVolume(context, order, mount);
  }
}

async function prepareVolume(
  context: EngineContext,
  { project, image }: FillOrder,
  mount: PlannedMount & { readonly type: 'volume' },
): Promise<void> {
  const { paths } = context.instance;
  const name = mount.volume;
  if (mount.anonymous) {
    const labels = formatResourceLabels('volume', project, name, mount.labels);
    await createVolume(context, { key: name, project, config: { name }, labels, anonymous: true });
  }
  if (!mount.copyUp) return;
  const record = readVolumeRecord(paths, name);
  const data = volumeDataPath(paths, name);
  // A volume that is a directory of the host stays as the user keeps it.
  if (record && volumeSource(paths, record) === data) {
    await copyImageContent(image.layers, mount.bind.target, data);
  }
}

/** The upper layer's own directory is what the container sees as `/`: it has the image's mode and owner. */
export function makeWritableLayer({ directory, image }: FillOrder): void {
  const upper = join(directory, 'upper');
  const top = image.layers[0] === undefined ? undefined : statSync(image.layers[0]);
  mkdirSync(upper);
  if (top) chownSync(upper, top.uid, top.gid);
  chmodSync(upper, top ? top.mode & 0o7777 : 0o755);
  mkdirSync(join(directory, 'work'), { mode: 0o700 });
}
