// `image import`: the tar of a root file system as an image of one layer.

import { createReadStream } from 'node:fs';
import { chunkSize } from '../content/files.ts';
import type { ImageEntry } from '../content/image-index.ts';
import type { StoreContext } from '../context.ts';
import { makeImage } from '../make-image.ts';
import type { Platform } from '../platform.ts';

export interface ImportRequest {
  readonly reference?: string;
  readonly changes: readonly string[];
  readonly message?: string;
  readonly platform: Platform;
}

/** `source`: a file, or the bytes themselves; plain, gzip or zstd. */
export function importImage(
  context: StoreContext,
  source: string | AsyncIterable<Uint8Array>,
  request: ImportRequest,
): Promise<ImageEntry> {
  const isPath = typeof source === 'string';
  const what = isPath ? source : 'standard input';
  return makeImage(context, {
    ...request,
    layer: isPath ? createReadStream(source, { highWaterMark: chunkSize }) : source,
    // Docker's comment, where no other is given; others look for it.
    message: request.message ?? `Imported from ${isPath ? source : '-'}`,
    createdBy: '',
    what,
  });
}
