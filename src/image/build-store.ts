// What a build asks of the store: a base image with its layers, layers by cache key, new layers, the image at its end.
// The caller holds a lease from before the first to after the last.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TcError } from '../base/error.ts';
import { createId } from '../base/id.ts';
import { sha256 } from '../base/sha256.ts';
import { commitImages } from './commit-images.ts';
import { BuildCache, type CachedLayer, type CacheKey } from './content/build-cache.ts';
import { findById } from './content/catalog.ts';
import { ContextDigests } from './content/context-digests.ts';
import { makeDirectories } from './content/durable.ts';
import { describeDiskError, ignoreAbsent } from './content/files.ts';
import type { ImageEntry } from './content/image-index.ts';
import type { HeldLock } from './content/named-lock.ts';
import type { StoreContext } from './context.ts';
import { type Descriptor, type JsonObject, parseJsonObject } from './descriptor.ts';
import { chainIds, type Digest, digestOfHash } from './digest.ts';
import { readManifest } from './images.ts';
import { removeDirectory } from './layer/layer-store.ts';
import { addLayer, type NewLayer } from './make-image.ts';
import { ociLayer } from './media-type.ts';
import type { Platform } from './platform.ts';
import { emptyLayer, type ResolveRequest, resolveImage } from './resolve.ts';
import type { StepExchange } from './step-cache/step-exchange.ts';

export interface HeldCache {
  /** It may not exist yet. */
  readonly path: string;
  release(): Promise<void>;
}

/** Bottommost first. */
export type LayerStack = readonly StackedLayer[];

export interface StackedLayer extends NewLayer {
  /** RFC 3339. */
  readonly created?: string;
}

export interface BaseImage {
  /** The image config, as JSON. */
  readonly document: JsonObject;
  readonly layers: LayerStack;
  readonly platform: Platform;
}

export interface BuiltImage {
  /** The image config. */
  readonly document: JsonObject;
  readonly layers: LayerStack;
  readonly platform: Platform;
}

/** What a build came to. */
export interface CommittedImage {
  /** One a platform, in the order of the build. */
  readonly entries: readonly ImageEntry[];
  /** Of the manifest, or of the index of several. */
  readonly descriptor: Descriptor;
  /** Fully written out. */
  readonly names: readonly string[];
}

export class BuildStore {
  readonly #context: StoreContext;
  readonly #cache: BuildCache;
  readonly digests: ContextDigests;

  constructor(context: StoreContext) {
    this.#context = context;
    this.#cache = new BuildCache(context.layout.buildSteps);
    this.digests = new ContextDigests(context.layout);
  }

  async base(reference: string, request: ResolveRequest): Promise<BaseImage> {
    const { id } = await resolveImage(this.#context, reference, request);
    const { entries } = await this.#context.catalog.read();
    const entry = findById(entries, id);
    if (entry === undefined) throw notABase(reference);
    const bytes = await this.#context.content.readDocument(entry.imageId);
    if (bytes === undefined) throw notABase(reference);
    const document = parseJsonObject(bytes, `config of ${reference}`);
    const { layers } = await readManifest(this.#context, entry, reference);
    const { diff_ids: diffIds = [] } = (document['rootfs'] ?? {}) as { diff_ids?: Digest[] };
    return {
      document,
      platform: entry.platform,
      layers: layers.map((descriptor, index) => ({ descriptor, diffId: diffIds[index] as Digest })),
    };
  }

  /** Directories that overlayfs can stack, topmost first; an empty one at the bottom. */
  async directories(layers: LayerStack): Promise<string[]> {
    const paths = chainOf(layers).map((chainId) => this.#context.layers.path(chainId));
    return [...paths.reverse(), await emptyLayer(this.#context)];
  }

  /** The one directory of a layer that stands on nothing. */
  directory(layer: StackedLayer): string {
    return this.#context.layers.path(layer.diffId);
  }

  /** Synchronous: a build of known steps does little else, and a trip to a thread costs more than the look. */
  findCached(key: CacheKey, below: LayerStack): StackedLayer | undefined {
    const found = this.#cache.read(key);
    if (found === undefined || found.chainId !== chainOver(below, found.diffId)) return undefined;
    const { content, layers } = this.#context;
    const places = [layers.path(found.chainId), content.path(found.descriptor.digest)];
    if (!places.every((path) => existsSync(path))) return undefined;
    this.#cache.touch(key);
    const { descriptor, diffId, created } = found;
    return { descriptor, diffId, created };
  }

  async keep(keys: readonly CacheKey[], layer: StackedLayer, below: LayerStack): Promise<void> {
    const record: CachedLayer = {
      version: 1,
      chainId: chainOver(below, layer.diffId),
      diffId: layer.diffId,
      descriptor: layer.descriptor,
      created: layer.created ?? new Date().toISOString(),
    };
    for (const key of keys) await this.#cache.write(key, record);
  }

  /** Steps from and to other machines. */
  async exchange(): Promise<StepExchange> {
    const { StepExchange } = await import('./step-cache/step-exchange.ts');
    return new StepExchange(this.#context);
  }

  /** From an archive. */
  add(chunks: AsyncIterable<Uint8Array>, what: string, below: LayerStack): Promise<NewLayer> {
    return addLayer(this.#context, chunks, what, chainOf(below).reverse());
  }

  /** From the writable directory of an overlay, which moves into the store. */
  async adopt(upper: string, what: string, below: LayerStack, latest?: number): Promise<NewLayer> {
    const { layers, content, tools } = this.#context;
    const stage = await layers.beginUnknown();
    const blob = await content.create();
    try {
      const hash = createHash('sha256');
      let tarSize = 0;
      const { packDiff } = await import('./layer/pack.ts');
      for await (const chunk of blob.write(packDiff(tools, upper, latest))) {
        hash.update(chunk);
        tarSize += chunk.length;
      }
      const diffId = digestOfHash(hash);
      await removeDirectory(tools, stage.diff);
      await rename(upper, stage.diff);
      const identity = {
        chainId: chainOver(below, diffId),
        diffId,
        parents: chainOf(below).reverse(),
        tarSize,
      };
      await stage.publish(identity, { entries: 0, bytes: tarSize, implicit: [] }, what);
      const stored = await blob.publish((digest) => content.path(digest));
      return { descriptor: { mediaType: ociLayer, ...stored }, diffId };
    } finally {
      await blob.close();
      await stage.close();
    }
  }

  /** What a full disk, or one that is not ours, refused, in words. */
  describe(error: unknown): unknown {
    return describeDiskError(error, this.#context.layout.root);
  }

  /** Into a directory that is the caller's. */
  async unpack(chunks: AsyncIterable<Uint8Array>, directory: string, what: string): Promise<void> {
    const { unpackTar } = await import('./layer/untar.ts');
    await unpackTar(this.#context.tools, { input: chunks, directory, what });
  }

  /** A directory for what is under way. The caller removes it; if it is killed, a collection does. */
  async workspace(): Promise<string> {
    const path = join(this.#context.layout.staging, createId());
    await mkdir(path, { mode: 0o700 });
    return path;
  }

  /** Held by whoever makes what has this key. */
  lockKey(key: CacheKey, signal?: AbortSignal): Promise<HeldLock> {
    return this.#context.locks.acquire(`step-${key}`, { signal });
  }

  /**
   * A directory that commands of builds keep for each other, by any name. `locked`: nobody else has it meanwhile;
   * `private`: another one, if somebody has it.
   */
  async cacheDirectory(
    id: string,
    sharing: 'shared' | 'private' | 'locked',
    signal?: AbortSignal,
  ): Promise<HeldCache> {
    const { layout, locks } = this.#context;
    const base = sha256(id);
    if (sharing === 'shared') return { path: join(layout.buildMounts, base), release: async () => undefined };
    for (let copy = 0; ; copy++) {
      const name = copy === 0 ? base : `${base}.${copy}`;
      const path = join(layout.buildMounts, name);
      const lock =
        sharing === 'locked'
          ? await locks.acquire(`mount-${name}`, { signal })
          : await locks.hold(`mount-${name}`, 'exclusive', false);
      if (lock) return { path, release: () => lock.release() };
    }
  }

  /** Of two who make the same cache at once, the first one's counts. */
  async publishCache(temporary: string, path: string): Promise<void> {
    makeDirectories([dirname(path)]);
    await rename(temporary, path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
      await this.removeTree(temporary);
    });
  }

  /** What is not there any more is removed. */
  async removeTree(path: string): Promise<void> {
    if (await lstat(path).catch(ignoreAbsent)) await removeDirectory(this.#context.tools, path);
  }

  /** One image, or an index of several. */
  async commit(images: readonly BuiltImage[], names: readonly string[]): Promise<CommittedImage> {
    const { content, catalog } = this.#context;
    return commitImages({ content, catalog }, images, names);
  }
}

/** Chain ids, bottommost first. */
export function chainOf(layers: LayerStack): Digest[] {
  return chainIds(layers.map(({ diffId }) => diffId));
}

function chainOver(below: LayerStack, diffId: Digest): Digest {
  return chainIds([...below.map((layer) => layer.diffId), diffId]).at(-1) as Digest;
}

function notABase(reference: string): TcError {
  return new TcError(`${reference} cannot be built on: it is not made of layers`, {
    code: 'build-base',
    hints: ['name an image of a registry or an archive; `host` and `rootfs:` only run'],
  });
}
