// image load: every image of an archive.

import type { ByteSource } from '../../engine/ports.ts';
import type { AppContext } from '../context.ts';
import { formatShortName } from './name.ts';

export interface ImageLoadOptions {
  readonly platform?: string;
  readonly quiet: boolean;
}

export interface LoadedImage {
  readonly id: string;
  /** As users read it; absent if the archive gives none. */
  readonly name?: string;
}

/** Undefined: a dry run. */
export async function imageLoad(
  context: AppContext,
  source: ByteSource,
  { platform, quiet }: ImageLoadOptions,
): Promise<readonly LoadedImage[] | undefined> {
  const { images } = await context.engine(context.dryRun ? 'read' : 'change');
  if (context.dryRun) return undefined;
  const entries = await images.load(source, {
    signal: context.interrupted,
    ...(platform !== undefined && { platform }),
    ...(!quiet && { on: (event) => context.on({ type: 'image', event }) }),
  });
  return entries.map(({ imageId, name }) => ({
    id: imageId,
    ...(name !== undefined && { name: formatShortName(name) }),
  }));
}
