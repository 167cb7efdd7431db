// New images out of layers that are made here: `import`, `commit`, and what a build ends in.

import { applyChanges, type RawConfig } from './changes.ts';
import { type ImageEntry, mergeEntry } from './content/image-index.ts';
import { type StoreContext, withLease } from './context.ts';
import { type Descriptor, malformed, parseJsonObject } from './descriptor.ts';
import { chainIds, type Digest } from './digest.ts';
import { readManifest } from './images.ts';
import { detectCompression } from './layer/decompress.ts';
import { unpackLayer } from './layer/unpack.ts';
import { formatManifest } from './manifest.ts';
import { ociConfig, ociLayer, ociManifest } from './media-type.ts';
import { normalizePlatform, type Platform } from './platform.ts';
import { formatReference, parseRegistryReference } from './reference.ts';

export interface NewLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
}

/** Stores and unpacks one layer in one pass, over those with the chain ids `below` (topmost first). */
export async function addLayer(
  context: StoreContext,
  chunks: AsyncIterable<Uint8Array>,
  what: string,
  below: readonly Digest[],
): Promise<NewLayer> {
  const stage = await context.layers.beginUnknown();
  const blob = await context.content.create();
  try {
    let head: Buffer | undefined;
    async function* peek(): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        head ??= Buffer.from(chunk.subarray(0, 6));
        yield chunk;
      }
    }
    const unpacked = await unpackLayer(context.tools, {
      what,
      chunks: blob.write(peek()),
      directory: stage.diff,
      lock: stage.lock,
    });
    const { diffId, tarSize } = unpacked;
    const [parent] = below;
    const chainId = parent === undefined ? diffId : chainOver(parent, diffId);
    await stage.publish({ chainId, diffId, parents: below, tarSize }, unpacked, what);
    const stored = await blob.publish((digest) => context.content.path(digest));
    const compression = detectCompression(head ?? Buffer.alloc(0)) ?? 'none';
    const mediaType = compression === 'none' ? ociLayer : `${ociLayer}+${compression}`;
    return { descriptor: { mediaType, ...stored }, diffId };
  } finally {
    await blob.close();
    await stage.close();
  }
}

function chainOver(parent: Digest, diffId: Digest): Digest {
  return chainIds([parent, diffId])[1] as Digest;
}

export interface NewImage {
  readonly reference?: string;
  /** The image below, as it is in the store. */
  readonly base?: ImageEntry;
  readonly platform: Platform;
  /** Goes on top. */
  readonly layer: AsyncIterable<Uint8Array>;
  /** Instead of the base's. */
  readonly config?: RawConfig;
  readonly changes: readonly string[];
  readonly author?: string;
  readonly message?: string;
  /** How the layer came about, for the history. */
  readonly createdBy: string;
  /** For messages. */
  readonly what: string;
}

export function makeImage(context: StoreContext, image: NewImage): Promise<ImageEntry> {
  // Before anything is written: a change that is none, a name that is none.
  const name =
    image.reference === undefined ? undefined : formatReference(parseRegistryReference(image.reference));
  applyChanges({}, image.changes);
  return withLease(context, async () => {
    const base = await readBase(context, image);
    const chain = chainIds(base.diffIds).reverse();
    const layer = await addLayer(context, image.layer, image.what, chain);
    const configBytes = formatImageConfig(image, base, layer.diffId);
    const config = {
      mediaType: ociConfig,
      digest: await context.content.put(configBytes),
      size: configBytes.length,
    };
    const layers = [...base.layers, layer.descriptor];
    const manifestBytes = formatManifest({ mediaType: ociManifest, config, layers });
    const digest = await context.content.put(manifestBytes);
    const entry: ImageEntry = {
      mediaType: ociManifest,
      digest,
      manifestSize: manifestBytes.length,
      platform: base.platform,
      ...(name === undefined ? {} : { name }),
      imageId: config.digest,
      sourceDigest: digest,
      tagged: new Date().toISOString(),
    };
    await context.catalog.update((entries) => mergeEntry(entries, entry));
    return entry;
  });
}

interface Base {
  readonly raw: RawConfig;
  readonly diffIds: readonly Digest[];
  readonly layers: readonly Descriptor[];
  readonly platform: Platform;
}

async function readBase(context: StoreContext, { base, platform, what }: NewImage): Promise<Base> {
  if (base === undefined) return { raw: {}, diffIds: [], layers: [], platform };
  const bytes = await context.content.readDocument(base.imageId);
  if (!bytes) throw malformed(`config of ${what}`, 'it has gone from the store');
  const raw = parseJsonObject(bytes, `config of ${what}`);
  const { diff_ids: diffIds = [] } = (raw['rootfs'] ?? {}) as { diff_ids?: Digest[] };
  const { layers } = await readManifest(context, base, what);
  return { raw, diffIds, layers, platform: base.platform };
}

function formatImageConfig(image: NewImage, base: Base, diffId: Digest): Buffer {
  const created = new Date().toISOString();
  const { author, message, createdBy } = image;
  const before = (image.config ?? base.raw['config'] ?? {}) as RawConfig;
  const history = Array.isArray(base.raw['history']) ? base.raw['history'] : [];
  const { os, architecture, variant } = normalizePlatform(base.platform);
  const document = {
    created,
    ...(author ? { author } : {}),
    architecture,
    os,
    ...(variant ? { variant } : {}),
    config: applyChanges(before, image.changes),
    rootfs: { type: 'layers', diff_ids: [...base.diffIds, diffId] },
    history: [
      ...history,
      {
        created,
        created_by: createdBy,
        ...(author ? { author } : {}),
        ...(message ? { comment: message } : {}),
      },
    ],
  };
  return Buffer.from(JSON.stringify(document));
}
