// Removes from the disk what no image and no container needs. It runs only while nobody else works with the store, so
// that nothing that is just arriving is taken for garbage.

import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { BuildCache } from './content/build-cache.ts';
import { ignoreAbsent } from './content/files.ts';
import type { StoredIndex } from './content/image-index.ts';
import type { StoreContext } from './context.ts';
import { type JsonObject, parseJsonObject } from './descriptor.ts';
import { chainIds, type Digest, isDigest } from './digest.ts';
import { removeDirectory } from './layer/layer-store.ts';

export interface Collected {
  readonly blobs: readonly Digest[];
  readonly layers: readonly Digest[];
  /** Bytes. */
  readonly reclaimed: number;
}

/** Unfinished blobs that nobody has gone on with for so long are given up. */
const partialLifeMs = 24 * 60 * 60 * 1000;

/**
 * `usedImages`: ids of images that containers or the build cache still need, whether they have a name or not.
 * Undefined if somebody works with the store right now: what is garbage now will be next time.
 */
export async function collectGarbage(
  context: StoreContext,
  usedImages: ReadonlySet<string>,
): Promise<Collected | undefined> {
  await context.prepare();
  const lock = await context.locks.hold('lease', 'exclusive', false);
  if (lock === undefined) return undefined;
  try {
    const needed = await markNeeded(context, await context.catalog.read(), usedImages);
    const blobs = await sweepBlobs(context, needed.blobs);
    const layers = await sweepLayers(context, needed.layers);
    await sweepLeftovers(context);
    return {
      blobs: blobs.removed,
      layers: layers.removed,
      reclaimed: blobs.reclaimed + layers.reclaimed,
    };
  } finally {
    await lock.release();
  }
}

interface Needed {
  /** Manifests and indexes whose references have been followed. */
  readonly followed: Set<Digest>;
  readonly blobs: Set<Digest>;
  readonly layers: Set<Digest>;
}

async function markNeeded(
  context: StoreContext,
  { entries, foreign }: StoredIndex,
  usedImages: ReadonlySet<string>,
): Promise<Needed> {
  const needed: Needed = { followed: new Set(), blobs: new Set(), layers: new Set() };
  for (const entry of entries) {
    await markManifest(context, entry.digest, needed);
    needed.blobs.add(entry.sourceDigest);
    if (entry.rendition) needed.blobs.add(entry.rendition.digest);
    // What it is called in a registry may be another one, with compressed layers.
    if (entry.index) needed.blobs.add(entry.index.digest);
  }
  for (const descriptor of foreign) await markManifest(context, descriptor.digest, needed);
  for (const id of usedImages) if (isDigest(id)) await markConfig(context, id, needed);
  for (const { chainId, descriptor } of await new BuildCache(context.layout.buildSteps).list()) {
    needed.blobs.add(descriptor.digest);
    needed.layers.add(chainId);
  }
  return needed;
}

/** Whatever a manifest or index refers to, also where it is not an image: others may keep artifacts in this layout. */
async function markManifest(context: StoreContext, digest: Digest, needed: Needed): Promise<void> {
  if (needed.followed.has(digest)) return;
  needed.followed.add(digest);
  needed.blobs.add(digest);
  const document = await readJson(context, digest);
  const list = (value: unknown) => (Array.isArray(value) ? value : []);
  const { config, layers, manifests, subject } = (document ?? {}) as Record<string, never>;
  for (const each of [...list(layers), subject]) if (isDigest(each?.digest)) needed.blobs.add(each.digest);
  for (const each of list(manifests))
    if (isDigest(each?.digest)) await markManifest(context, each.digest, needed);
  const id = (config as { digest?: unknown } | undefined)?.digest;
  if (isDigest(id)) await markConfig(context, id, needed);
}

async function readJson(context: StoreContext, digest: Digest): Promise<JsonObject | undefined> {
  // Other platforms' manifests of an index are mostly not here; what is damaged, whoever uses it will say.
  const bytes = await context.content.readDocument(digest).catch(() => undefined);
  try {
    return bytes && parseJsonObject(bytes, `blob ${digest}`);
  } catch {
    return undefined;
  }
}

async function markConfig(context: StoreContext, id: Digest, needed: Needed): Promise<void> {
  needed.blobs.add(id);
  const rootfs = (await readJson(context, id))?.['rootfs'] as { diff_ids?: unknown } | undefined;
  const diffIds = Array.isArray(rootfs?.diff_ids) ? rootfs.diff_ids.filter(isDigest) : [];
  for (const chainId of chainIds(diffIds)) needed.layers.add(chainId);
}

interface Swept {
  readonly removed: Digest[];
  reclaimed: number;
}

async function sweepBlobs(context: StoreContext, needed: ReadonlySet<Digest>): Promise<Swept> {
  const swept: Swept = { removed: [], reclaimed: 0 };
  for (const name of await readdir(context.layout.blobs)) {
    const digest = `sha256:${name}`;
    const path = join(context.layout.blobs, name);
    if (isDigest(digest) && needed.has(digest)) continue;
    const size = (await stat(path).catch(ignoreAbsent))?.size ?? 0;
    await unlink(path).catch(ignoreAbsent);
    swept.reclaimed += size;
    // Anything else in here is a document whose writer died before it had its name.
    if (isDigest(digest)) swept.removed.push(digest);
  }
  return swept;
}

async function sweepLayers(context: StoreContext, needed: ReadonlySet<Digest>): Promise<Swept> {
  const swept: Swept = { removed: [], reclaimed: 0 };
  for (const chainId of await context.layers.list()) {
    if (needed.has(chainId)) continue;
    const record = await context.layers.readRecord(chainId);
    await context.layers.remove(chainId);
    swept.reclaimed += record?.bytes ?? 0;
    swept.removed.push(chainId);
  }
  return swept;
}

/** What was begun by processes that are no more. */
async function sweepLeftovers(context: StoreContext): Promise<void> {
  const { staging, ingest, locks, archives, buildSteps } = context.layout;
  await new BuildCache(buildSteps).sweep();
  for (const name of await readdir(staging)) await removeDirectory(context.tools, join(staging, name));
  for (const name of await readdir(ingest)) {
    const found = await stat(join(ingest, name)).catch(ignoreAbsent);
    if (found && Date.now() - found.mtimeMs > partialLifeMs)
      await unlink(join(ingest, name)).catch(ignoreAbsent);
  }
  for (const name of await readdir(locks)) {
    if (/^(blob|layer|stage|step|mount)-/.test(name)) await unlink(join(locks, name)).catch(ignoreAbsent);
  }
  const { entries } = await context.catalog.read();
  for (const name of await readdir(archives)) {
    const [, manifest] = (await readFile(join(archives, name), 'utf8')).split('\n');
    if (!entries.some((entry) => entry.digest === manifest))
      await unlink(join(archives, name)).catch(ignoreAbsent);
  }
}
