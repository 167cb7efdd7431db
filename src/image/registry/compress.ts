// Layers that were made here are stored plain, so that making them is fast; they are sent compressed, and kept so for the
// next push.

import { createGzip } from 'node:zlib';
import { chunkSize } from '../content/files.ts';
import type { ImageEntry } from '../content/image-index.ts';
import type { StoreContext } from '../context.ts';
import { type Descriptor, malformed } from '../descriptor.ts';
import { formatManifest, type ImageManifest } from '../manifest.ts';
import { ociLayer } from '../media-type.ts';

export interface SendableImage {
  readonly manifest: ImageManifest;
  readonly bytes: Uint8Array;
}

/** An image without plain layers is sent byte for byte as it is. */
export async function compressForPush(
  context: StoreContext,
  manifest: ImageManifest,
  entry: ImageEntry,
  what: string,
): Promise<SendableImage> {
  if (!manifest.layers.some((layer) => layer.mediaType === ociLayer)) {
    const bytes = await context.content.readDocument(entry.digest);
    if (!bytes) throw malformed(`manifest of ${what}`, 'it has gone from the store');
    return { manifest, bytes };
  }
  const layers: Descriptor[] = [];
  for (const layer of manifest.layers) {
    layers.push(layer.mediaType === ociLayer ? await compressLayer(context, layer) : layer);
  }
  const compressed = { ...manifest, layers };
  return { manifest: compressed, bytes: formatManifest(compressed) };
}

/** The same bytes each time: gzip's header holds no time here. */
export async function compressLayer(context: StoreContext, layer: Descriptor): Promise<Descriptor> {
  const blob = await context.content.create();
  try {
    const gzip = createGzip({ chunkSize });
    const feeding = feedAll(context.content.read(layer.digest), gzip);
    for await (const _ of blob.write(gzip));
    await feeding;
    const stored = await blob.publish((digest) => context.content.path(digest));
    return { mediaType: `${ociLayer}+gzip`, ...stored };
  } finally {
    await blob.close();
  }
}

async function feedAll(
  chunks: AsyncIterable<Uint8Array>,
  gzip: ReturnType<typeof createGzip>,
): Promise<void> {
  const { pipeline } = await import('node:stream/promises');
  await pipeline(chunks, gzip, { end: true });
}
