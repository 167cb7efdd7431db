// `push`: what the registry has is not sent, what it has elsewhere is mounted, the rest goes up in chunks.

import type { ImageEntry } from '../content/image-index.ts';
import { type StoreContext, withLease } from '../context.ts';
import { type Digest, digestOf } from '../digest.ts';
import { readManifest, requireImage, requirePlatform } from '../images.ts';
import type { Platform } from '../platform.ts';
import type { OnImageEvent } from '../progress.ts';
import {
  formatReference,
  formatRepository,
  parseRegistryReference,
  type RegistryReference,
} from '../reference.ts';
import { compressForPush } from './compress.ts';
import { Registry } from './registry.ts';
import { type Upload, uploadBlob } from './upload.ts';

export interface PushOptions {
  /** Of a name with images for several platforms, this one. */
  readonly platform?: Platform;
  readonly on?: OnImageEvent | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Pushed {
  readonly reference: string;
  /** Of the manifest in the registry. */
  readonly digest: Digest;
  readonly size: number;
}

export const parallelUploads = 4;

export async function pushImage(context: StoreContext, text: string, options: PushOptions): Promise<Pushed> {
  const { on = () => undefined, signal } = options;
  const reference = parseRegistryReference(text);
  const name = formatReference(reference);
  const registry = new Registry(reference.domain, {
    settings: context.options.registries,
    use: 'push',
    signal,
    onRetry: (what, retry) => on({ type: 'retry', reference: name, what, ...retry }),
  });
  on({ type: 'started', reference: name, action: 'push' });
  try {
    return await withLease(context, async () => {
      const { entries } = await context.catalog.read();
      const { platform } = options;
      const entry = platform ? requirePlatform(entries, text, platform) : requireImage(entries, text);
      const image = await compressForPush(context, await readManifest(context, entry, name), entry, name);
      const elsewhere = await listMountable(context, entries, reference);
      const { config, layers } = image.manifest;
      const blobs = [...new Map([...layers, config].map((blob) => [blob.digest, blob])).values()];
      await eachOf(blobs, parallelUploads, (blob) =>
        uploadBlob({
          registry,
          reference,
          blob,
          from: elsewhere.get(blob.digest) ?? [],
          read: (offset) => context.content.read(blob.digest, offset),
          on: (event) => on({ ...event, reference: name, digest: blob.digest, total: blob.size } as never),
        } satisfies Upload),
      );
      await putManifest(registry, reference, image);
      const digest = digestOf(image.bytes);
      if (entry.sourceDigest !== digest) await keepDigest(context, { ...entry, sourceDigest: digest });
      on({ type: 'done', reference: name, digest, isNew: true });
      return { reference: name, digest, size: image.bytes.length };
    });
  } finally {
    registry.close();
  }
}

/** What the name stands for in the registry from now on: a later pull has nothing to do. */
async function keepDigest(context: StoreContext, pushed: ImageEntry): Promise<void> {
  await context.catalog.update((entries) =>
    entries.map((each) => (each.name === pushed.name && each.digest === pushed.digest ? pushed : each)),
  );
}

/** Blob -> repositories of the same registry that have it, as far as the store's own images tell. */
async function listMountable(
  context: StoreContext,
  entries: readonly ImageEntry[],
  target: RegistryReference,
): Promise<ReadonlyMap<Digest, readonly string[]>> {
  const found = new Map<Digest, string[]>();
  for (const entry of entries) {
    const reference = entry.name === undefined ? undefined : parseRegistryReference(entry.name);
    if (reference?.domain !== target.domain || reference.repository === target.repository) continue;
    const manifest = await readManifest(context, entry, entry.name ?? '').catch(() => undefined);
    for (const { digest } of manifest?.layers ?? []) {
      const known = found.get(digest) ?? [];
      if (!known.includes(reference.repository)) found.set(digest, [...known, reference.repository]);
    }
  }
  return found;
}

/** The first failure stops what has not begun. */
export async function eachOf<T>(
  items: readonly T[],
  parallel: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const run = async () => {
    while (next < items.length && failures.length === 0) {
      await work(items[next++] as T).catch((error) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: parallel }, run));
  if (failures.length > 0) throw failures[0];
}

async function putManifest(
  registry: Registry,
  reference: RegistryReference,
  image: { readonly bytes: Uint8Array; readonly manifest: { readonly mediaType: string } },
): Promise<void> {
  const { repository, tag, digest } = reference;
  const response = await registry.ask({
    what: `manifest ${tag ?? digest} of ${formatRepository(reference)}`,
    method: 'PUT',
    target: `/v2/${repository}/manifests/${tag ?? digest}`,
    headers: { 'content-type': image.manifest.mediaType, 'content-length': String(image.bytes.length) },
    body: () => image.bytes,
    scopes: [`repository:${repository}:pull,push`],
    accept: [200, 201, 202],
  });
  response.discard();
}
