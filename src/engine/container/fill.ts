// Fills a new container's directory, and what its mounts are bound from.

import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ResolvedImage } from '../../image/image.ts';
import { tcrunPath } from '../../runtime/native.ts';
import type { EngineContext } from '../context.ts';
import { readVolumeRecord, volumeDataPath } from '../record/volume-record.ts';
import { copyImageContent } from '../volume/copy-up.ts';
import { withMountedVolumes } from '../volume/mounted-volumes.ts';
import { describeVolumeSource } from '../volume/volume-options.ts';
import { createVolume } from '../volume/volumes.ts';
import { readContent } from './file-objects.ts';
import { formatResourceLabels } from './labels.ts';
import type { PlannedMount } from './mount-plan.ts';
import { createBindSource, writeContentFile } from './mounts.ts';

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
      const data = readContent(mount.file.object, 'configs');
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
  const source = record && describeVolumeSource(record.recorded);
  // A volume that is a directory of the host stays as the user keeps it; what is on a tmpfs does not last until the start.
  if (source === undefined || source.source !== undefined || source.mount?.type === 'tmpfs') return;
  const copy = { layers: image.layers, target: mount.bind.target, name };
  const tools = { native: context.native, executable: tcrunPath() };
  await withMountedVolumes(context, [name], () =>
    copyImageContent(tools, { ...copy, volume: paths.volume(name), data: volumeDataPath(paths, name) }),
  );
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
