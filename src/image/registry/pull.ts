// `pull`: from a name in a registry to an image in the store.

import { findEntry } from '../content/catalog.ts';
import { type ImageEntry, mergeEntry, type WholeIndex } from '../content/image-index.ts';
import { type StoreContext, withLease } from '../context.ts';
import { malformed } from '../descriptor.ts';
import { type Digest, digestOf, isDigest } from '../digest.ts';
import { createEntry } from '../entry.ts';
import { installImage } from '../install.ts';
import { chooseManifest, type ImageManifest, parseManifest } from '../manifest.ts';
import type { Platform } from '../platform.ts';
import type { OnImageEvent } from '../progress.ts';
import { formatReference, formatRepository, type RegistryReference } from '../reference.ts';
import { fetchBlob } from './blob-fetch.ts';
import { Registry } from './registry.ts';
import { manifestAsk } from './resolve-digest.ts';
import { readDocument } from './response.ts';

export interface PullOptions {
  readonly platform: Platform;
  readonly on?: OnImageEvent | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Pulls by the digest if the reference has one, else by the tag. */
export async function pullImage(
  context: StoreContext,
  reference: RegistryReference,
  options: PullOptions,
): Promise<ImageEntry> {
  const { on = () => undefined, signal } = options;
  const name = pulledName(reference);
  const registry = new Registry(reference.domain, {
    settings: context.options.registries,
    use: 'pull',
    signal,
    onRetry: (what, retry) => on({ type: 'retry', reference: name, what, ...retry }),
  });
  on({ type: 'started', reference: name, action: 'pull' });
  try {
    return await withLease(context, () => pull(context, registry, reference, { ...options, name, on }));
  } finally {
    registry.close();
  }
}

/** With a digest the tag says nothing, so that it must not become a name. */
function pulledName(reference: RegistryReference): string {
  return reference.digest === undefined
    ? formatReference(reference)
    : `${formatRepository(reference)}@${reference.digest}`;
}

type Pull = PullOptions & { readonly name: string; readonly on: OnImageEvent };

async function pull(
  context: StoreContext,
  registry: Registry,
  reference: RegistryReference,
  options: Pull,
): Promise<ImageEntry> {
  const { name, on, platform, signal } = options;
  const { entries } = await context.catalog.read();
  const known = findEntry(entries, reference, platform);
  const current = known && (await readRemoteDigest(registry, reference));
  if (known?.name === name && current === known.sourceDigest && (await isWhole(context, known)))
    return refresh(context, known, options);
  const found = await fetchManifest(registry, reference, platform);
  const layers = found.manifest.layers.map(({ digest, size }) => ({ digest, total: size }));
  on({ type: 'resolved', reference: name, digest: found.sourceDigest, platform, layers });
  for (const index of found.indexes) await context.content.put(index);
  const installed = await installImage(context, {
    reference: name,
    manifest: found.manifest,
    manifestBytes: found.bytes,
    source: (blob, stop) => fetchBlob(registry, reference, blob, stop),
    on,
    signal,
  });
  const created = await createEntry(context.content, {
    manifest: found.manifest,
    manifestBytes: found.bytes,
    installed,
    sourceDigest: found.sourceDigest,
  });
  const index = describeIndex(found);
  const entry = { ...created, name, ...(index && { index }) };
  await context.catalog.update((before) => mergeEntry(before, entry));
  on({ type: 'done', reference: name, digest: entry.sourceDigest, isNew: known?.digest !== entry.digest });
  return entry;
}

/** That the name stands for; with the last of its images the store has all of it. */
function describeIndex({ indexes, sourceDigest }: FoundManifest): WholeIndex | undefined {
  const [bytes] = indexes;
  if (bytes === undefined || indexes.length > 1) return undefined;
  const index = parseManifest(bytes, `index ${sourceDigest}`);
  if (index.kind === 'manifest') return undefined;
  const manifests = index.manifests.map(({ digest }) => digest);
  return { mediaType: index.mediaType, digest: sourceDigest, size: bytes.length, manifests };
}

/** A blob may be gone: a power cut took it, or somebody's hands. */
async function isWhole(context: StoreContext, known: ImageEntry): Promise<boolean> {
  const bytes = await context.content.readDocument(known.digest).catch(() => undefined);
  const document = bytes && parseManifest(bytes, `manifest of ${known.name}`, known.mediaType);
  if (document?.kind !== 'manifest') return false;
  const blobs = [document.config, ...document.layers].map(({ digest }) => context.content.has(digest));
  return !(await Promise.all(blobs)).includes(false);
}

/** Nothing has changed in the registry: only the time of looking is noted. */
async function refresh(context: StoreContext, known: ImageEntry, { name, on }: Pull): Promise<ImageEntry> {
  const entry = { ...known, tagged: new Date().toISOString() };
  await context.catalog.update((before) => mergeEntry(before, entry));
  on({ type: 'done', reference: name, digest: entry.sourceDigest, isNew: false });
  return entry;
}

/** By HEAD, which registries do not count as a pull. Undefined if they do not say. */
async function readRemoteDigest(
  registry: Registry,
  reference: RegistryReference,
): Promise<Digest | undefined> {
  const response = await registry.ask({ ...manifestAsk(reference), method: 'HEAD', accept: [200, 404, 405] });
  response.discard();
  const digest = response.headers['docker-content-digest'];
  return response.status === 200 && isDigest(digest) ? digest : undefined;
}

interface FoundManifest {
  readonly manifest: ImageManifest;
  readonly bytes: Uint8Array;
  /** Of what the name stands for. */
  readonly sourceDigest: Digest;
  /** Those that were passed on the way. */
  readonly indexes: readonly Uint8Array[];
}

const deepestIndex = 3;

async function fetchManifest(
  registry: Registry,
  reference: RegistryReference,
  platform: Platform,
): Promise<FoundManifest> {
  const indexes: Uint8Array[] = [];
  let wanted = reference;
  let sourceDigest: Digest | undefined;
  for (let depth = 0; depth < deepestIndex; depth++) {
    const ask = manifestAsk(wanted);
    const response = await registry.ask(ask);
    const bytes = await readDocument(response, ask.what);
    const digest = digestOf(bytes);
    const expected = wanted.digest ?? response.headers['docker-content-digest'] ?? digest;
    if (digest !== expected) throw malformed(ask.what, `its digest is ${digest} instead of ${expected}`);
    sourceDigest ??= digest;
    const mediaType = response.headers['content-type']?.split(';')[0]?.trim();
    const document = parseManifest(bytes, ask.what, mediaType);
    if (document.kind === 'manifest') return { manifest: document, bytes, sourceDigest, indexes };
    indexes.push(bytes);
    const chosen = chooseManifest(document, platform, formatReference(reference));
    wanted = { ...reference, digest: chosen.digest };
  }
  throw malformed(`index ${formatReference(reference)}`, 'its indexes are nested too deep');
}
