// What a build ends in, as images of the store: a manifest, or an index of one manifest a platform.

import type { BuiltImage, CommittedImage } from './build-store.ts';
import { giveName, type ImageEntry, isSameIndex, mergeEntry } from './content/image-index.ts';
import type { StoreContext } from './context.ts';
import type { Descriptor } from './descriptor.ts';
import { formatIndex, formatManifest } from './manifest.ts';
import { ociConfig, ociIndex, ociManifest } from './media-type.ts';
import { formatReference, parseRegistryReference } from './reference.ts';

type Shelves = Pick<StoreContext, 'content' | 'catalog'>;

/** `images`: at least one, each for another platform. */
export async function commitImages(
  { content, catalog }: Shelves,
  images: readonly BuiltImage[],
  names: readonly string[],
): Promise<CommittedImage> {
  const full = names.map((name) => formatReference(parseRegistryReference(name)));
  const single: ImageEntry[] = [];
  for (const image of images) single.push(await storeImage(content, image));
  const index = single.length > 1 ? await storeIndex(content, single) : undefined;
  const entries = single.map((entry) =>
    index === undefined
      ? entry
      : {
          ...entry,
          sourceDigest: index.digest,
          index: { ...index, manifests: single.map(({ digest }) => digest) },
        },
  );
  await catalog.update((before) => {
    const after =
      full.length === 0
        ? entries.reduce<readonly ImageEntry[]>(mergeEntry, before)
        : full.reduce<readonly ImageEntry[]>((all, name) => giveName(all, entries, name), before);
    // Most builds come to what is there already: that it was made again is said by the manifests' times.
    return isSameIndex(before, after) ? before : after;
  });
  for (const { digest } of entries) content.touch(digest);
  const [first] = single as [ImageEntry];
  return { entries, descriptor: index ?? describe(first), names: full };
}

async function storeImage(content: Shelves['content'], image: BuiltImage): Promise<ImageEntry> {
  const bytes = Buffer.from(JSON.stringify(image.document));
  const config = { mediaType: ociConfig, digest: await content.put(bytes), size: bytes.length };
  const layers = image.layers.map(({ descriptor }) => descriptor);
  const manifest = formatManifest({ mediaType: ociManifest, config, layers });
  const digest = await content.put(manifest);
  return {
    mediaType: ociManifest,
    digest,
    manifestSize: manifest.length,
    platform: image.platform,
    imageId: config.digest,
    sourceDigest: digest,
    tagged: new Date().toISOString(),
  };
}

async function storeIndex(content: Shelves['content'], entries: readonly ImageEntry[]): Promise<Descriptor> {
  const bytes = formatIndex(
    entries.map((entry) => ({ ...describe(entry), platform: entry.platform })),
    ociIndex,
  );
  return { mediaType: ociIndex, digest: await content.put(bytes), size: bytes.length };
}

function describe({ mediaType, digest, manifestSize }: ImageEntry): Descriptor {
  return { mediaType, digest, size: manifestSize };
}
