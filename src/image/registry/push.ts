// `push`: what the registry has is not sent, what it has elsewhere is mounted, the rest goes up in chunks. An index goes
// with all of its images.

import type { ImageEntry, WholeIndex } from '../content/image-index.ts';
import { type StoreContext, withLease } from '../context.ts';
import type { Descriptor } from '../descriptor.ts';
import { type Digest, digestOf } from '../digest.ts';
import { listMembers, readIndex, readManifest, requireImage, requirePlatform } from '../images.ts';
import { formatIndex } from '../manifest.ts';
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
  /** Of a name with images for several platforms, this one; default: the index, if all of it is here. */
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
      const target = { registry, reference, elsewhere: await listMountable(context, entries, reference), on };
      const pushed =
        entry.index && !platform
          ? await sendIndex(context, listMembers(entries, entry), entry.index, target)
          : await sendImage(context, entry, target);
      await putManifest(target, pushed);
      const digest = digestOf(pushed.bytes);
      await keepDigest(context, pushed.sent, digest);
      on({ type: 'done', reference: name, digest, isNew: true });
      return { reference: name, digest, size: pushed.bytes.length };
    });
  } finally {
    registry.close();
  }
}

interface PushTarget {
  readonly registry: Registry;
  readonly reference: RegistryReference;
  /** Blob -> repositories that have it. */
  readonly elsewhere: ReadonlyMap<Digest, readonly string[]>;
  readonly on: OnImageEvent;
}

interface SentManifest {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly sent: readonly ImageEntry[];
}

/** All but the manifest. */
async function sendImage(
  context: StoreContext,
  entry: ImageEntry,
  { registry, reference, elsewhere, on }: PushTarget,
): Promise<SentManifest> {
  const name = formatReference(reference);
  const image = await compressForPush(context, await readManifest(context, entry, name), entry, name);
  const { config, layers, mediaType } = image.manifest;
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
  return { mediaType, bytes: image.bytes, sent: [entry] };
}

/** Its images with their manifests: they have to be there before the index that names them. */
async function sendIndex(
  context: StoreContext,
  members: readonly ImageEntry[],
  { mediaType, digest }: WholeIndex,
  target: PushTarget,
): Promise<SentManifest> {
  const stored = await readIndex(context, digest, mediaType);
  const changed = new Map<Digest, Pick<Descriptor, 'digest' | 'size'>>();
  for (const entry of members) {
    const image = await sendImage(context, entry, target);
    const own = digestOf(image.bytes);
    await putManifest(target, image, own);
    changed.set(entry.digest, { digest: own, size: image.bytes.length });
  }
  const isSame = [...changed].every(([before, after]) => before === after.digest);
  const manifests = stored.index.manifests.map((each) => ({ ...each, ...changed.get(each.digest) }));
  return { mediaType, bytes: isSame ? stored.bytes : formatIndex(manifests, mediaType), sent: members };
}

/** What the name stands for in the registry from now on: a later pull has nothing to do. */
async function keepDigest(
  context: StoreContext,
  pushed: readonly ImageEntry[],
  sourceDigest: Digest,
): Promise<void> {
  const isPushed = (each: ImageEntry) =>
    each.sourceDigest !== sourceDigest &&
    pushed.some(({ name, digest }) => each.name === name && each.digest === digest);
  await context.catalog.update((entries) =>
    entries.some(isPushed)
      ? entries.map((each) => (isPushed(each) ? { ...each, sourceDigest } : each))
      : entries,
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

/** Under the name, or else by its digest. */
async function putManifest(
  { registry, reference }: PushTarget,
  { mediaType, bytes }: SentManifest,
  own?: Digest,
): Promise<void> {
  const { repository, tag, digest } = reference;
  const target = own ?? tag ?? digest;
  const response = await registry.ask({
    what: `manifest ${target} of ${formatRepository(reference)}`,
    method: 'PUT',
    target: `/v2/${repository}/manifests/${target}`,
    headers: { 'content-type': mediaType, 'content-length': String(bytes.length) },
    body: () => bytes,
    scopes: [`repository:${repository}:pull,push`],
    accept: [200, 201, 202],
  });
  response.discard();
}
