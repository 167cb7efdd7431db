// image save: images as the bytes of one archive.

import type { ArchiveFormat } from '../../engine/ports.ts';
import type { AppContext } from '../context.ts';

export interface ImageSaveOptions {
  readonly format: ArchiveFormat;
  readonly platform?: string;
}

/** Undefined: a dry run; that there are such images has been looked up. */
export async function imageSave(
  context: AppContext,
  references: readonly string[],
  { format, platform }: ImageSaveOptions,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const { images } = await context.engine('read');
  for (const reference of references) await images.inspect(reference, platform);
  return context.dryRun ? undefined : images.save(references, format, platform);
}
