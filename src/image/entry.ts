// From an installed image to its entry in the store's index.

import type { ContentStore } from './content/content-store.ts';
import type { ImageEntry, Rendition } from './content/image-index.ts';
import type { Digest } from './digest.ts';
import type { InstalledImage } from './install.ts';
import { formatManifest, type ImageManifest } from './manifest.ts';
import { ociManifest, toOciType } from './media-type.ts';

export interface EntryRequest {
  readonly manifest: ImageManifest;
  readonly manifestBytes: Uint8Array;
  readonly installed: InstalledImage;
  /** Default: the manifest's own. */
  readonly sourceDigest?: Digest;
}

/** Without a name. */
export async function createEntry(content: ContentStore, request: EntryRequest): Promise<ImageEntry> {
  const { manifest, manifestBytes, installed } = request;
  const rendition = manifest.mediaType === ociManifest ? undefined : await storeRendition(content, manifest);
  return {
    mediaType: manifest.mediaType,
    digest: installed.manifest,
    manifestSize: manifestBytes.length,
    platform: installed.platform,
    imageId: installed.imageId,
    sourceDigest: request.sourceDigest ?? installed.manifest,
    tagged: new Date().toISOString(),
    ...(rendition ? { rendition } : {}),
  };
}

async function storeRendition(content: ContentStore, manifest: ImageManifest): Promise<Rendition> {
  const translate = <T extends { readonly mediaType: string }>(blob: T): T => ({
    ...blob,
    mediaType: toOciType(blob.mediaType),
  });
  const bytes = formatManifest({
    mediaType: ociManifest,
    config: translate(manifest.config),
    layers: manifest.layers.map(translate),
  });
  return { digest: await content.put(bytes), size: bytes.length };
}
