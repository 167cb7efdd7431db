// A container as an image or as an archive: read from its layers on disk, whether it runs or not.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { unless } from '../../base/system-error.ts';
import type { ObservedContainer } from '../../plan/observed-state.ts';
import type { MonitorSpec, RootSpec } from '../../runtime/monitor-spec.ts';
import type { InstancePaths } from '../instance/paths.ts';
import type { CommitOptions, ImageEntry } from './image-port.ts';
import type { Images } from './images.ts';

export async function commitContainer(
  paths: InstancePaths,
  images: Images,
  container: ObservedContainer,
  options: CommitOptions,
): Promise<ImageEntry> {
  const { upper } = readRoot(paths, container);
  const store = await images.store();
  return store.commit({ ...options, imageId: container.inputs.imageId, upper });
}

export async function* exportContainer(
  paths: InstancePaths,
  images: Images,
  container: ObservedContainer,
): AsyncIterable<Uint8Array> {
  const { upper, layers } = readRoot(paths, container);
  const store = await images.store();
  yield* store.export({ layers: [upper, ...layers] });
}

function readRoot(paths: InstancePaths, { id, name }: ObservedContainer): RootSpec {
  const path = join(paths.container(id), 'monitor.json');
  const text = unless(['ENOENT'], () => readFileSync(path, 'utf8'));
  if (text !== undefined) return (JSON.parse(text) as MonitorSpec).root;
  throw new TcError(`container ${name} is gone`, { code: 'container-gone' });
}
