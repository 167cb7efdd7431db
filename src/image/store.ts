// The image store: what the engine and the commands ask for. Every operation may run in several processes at once, and
// may be killed at any instant and run again. What is not needed to resolve an image that is here is loaded on demand.

import type { CommitRequest } from './archive/commit.ts';
import type { ArchiveFormat } from './archive/save.ts';
import type { BuildStore } from './build-store.ts';
import type { Collected } from './collect.ts';
import type { ImageEntry } from './content/image-index.ts';
import { createStoreContext, type ImageStoreOptions, type StoreContext } from './context.ts';
import type { ResolvedImage } from './image.ts';
import type { ImageDetails, ImageSummary } from './images.ts';
import { defaultPlatform, type Platform, parsePlatform } from './platform.ts';
import type { OnImageEvent } from './progress.ts';
import type { PruneBuildCacheOptions, PrunedBuildCache } from './prune-build-cache.ts';
import { parseRegistryReference } from './reference.ts';
import type { Pushed } from './registry/push.ts';
import type { ImageUse, PruneOptions, Removed, RemoveOptions } from './remove.ts';
import { type DescribedImage, describeImage, type ResolveRequest, resolveImage } from './resolve.ts';

export interface ImageStore {
  /** What `image:` says, ready to be run; pulls or loads what is not here, if the policy allows. */
  resolve(reference: string, request: ResolveRequest): Promise<ResolvedImage>;
  /** What is known of it without getting anything, for plans; undefined if it would have to be pulled. */
  describe(reference: string, request: Omit<ResolveRequest, 'on'>): Promise<DescribedImage | undefined>;
  /** While it is held no image is removed. Taken from before `resolve` until a container's record names the image. */
  lease(): Promise<{ release(): Promise<void> }>;

  pull(reference: string, options?: OperationOptions): Promise<ImageEntry>;
  push(reference: string, options?: OperationOptions): Promise<Pushed>;

  /** Every image in an archive (a file, or its bytes) or in a directory with an OCI image layout. */
  load(source: ByteSource, options?: OperationOptions): Promise<readonly ImageEntry[]>;
  /** The bytes of an archive. */
  save(references: readonly string[], format: ArchiveFormat, platform?: string): AsyncIterable<Uint8Array>;
  /** The tar of an image's whole file system. */
  flatten(reference: string, platform?: string): AsyncIterable<Uint8Array>;
  /** Of an image for several platforms, the files of each below a directory. */
  flattenPlatforms(
    reference: string,
    parts: readonly { readonly platform: string; readonly directory: string }[],
  ): AsyncIterable<Uint8Array>;
  /** An image of one layer from the tar of a root file system. */
  import(source: ByteSource, request: ImportOptions): Promise<ImageEntry>;
  /** An image of a container's changes over the image that it was made from. */
  commit(request: CommitRequest): Promise<ImageEntry>;
  /** The tar of a container's whole file system. */
  export(request: ExportRequest): AsyncIterable<Uint8Array>;

  /** One for every name, and for every image without one; newest first. */
  list(): Promise<readonly ImageSummary[]>;
  /** By name, or by id or its first digits. */
  inspect(reference: string, platform?: string): Promise<ImageDetails>;
  tag(source: string, target: string): Promise<void>;
  remove(reference: string, options: NamedPlatform<RemoveOptions>): Promise<Removed>;
  prune(options: PruneOptions): Promise<Removed>;
  pruneBuildCache(options: PruneBuildCacheOptions): Promise<PrunedBuildCache>;
  /** After a build: gives up what no build has used for long. */
  tidyBuildCache(uses: () => readonly ImageUse[]): Promise<void>;
  /** For builds. */
  build(): Promise<BuildStore>;
  /** Undefined if somebody works with the store right now. */
  collect(usedImages: ReadonlySet<string>): Promise<Collected | undefined>;
}

/** A path, or the bytes themselves. */
export type ByteSource = string | AsyncIterable<Uint8Array>;

export interface OperationOptions {
  readonly platform?: string;
  readonly on?: OnImageEvent;
  readonly signal?: AbortSignal;
}

export interface ImportOptions {
  readonly reference?: string;
  /** Instructions of a Dockerfile. */
  readonly changes?: readonly string[];
  readonly message?: string;
  readonly platform?: string;
}

export interface ExportRequest {
  /** Absolute directories, topmost first, the writable one included. */
  readonly layers: readonly string[];
}

/** With the platform as users write it. */
export type NamedPlatform<T extends { readonly platform?: Platform }> = Omit<T, 'platform'> & {
  readonly platform?: string;
};

export function createImageStore(options: ImageStoreOptions): ImageStore {
  const context = createStoreContext(options);
  const platformOf = (text: string | undefined) => askedPlatform(text) ?? defaultPlatform();
  return {
    resolve: (reference, request) => resolveImage(context, reference, request),
    describe: (reference, request) => describeImage(context, reference, request),
    lease: () => context.lease(),

    async pull(reference, { platform, on, signal } = {}) {
      const { pullImage } = await import('./registry/pull.ts');
      return pullImage(context, parseRegistryReference(reference), {
        platform: platformOf(platform),
        on,
        signal,
      });
    },
    async push(reference, pushOptions = {}) {
      const { pushImage } = await import('./registry/push.ts');
      const { platform, ...options } = pushOptions;
      const asked = askedPlatform(platform);
      return pushImage(context, reference, { ...options, ...(asked && { platform: asked }) });
    },

    async load(source, { platform, on = () => undefined, signal } = {}) {
      const { loadImages } = await import('./archive/load.ts');
      const what = typeof source === 'string' ? source : 'standard input';
      const everyPlatform = platform === undefined && !process.env['DOCKER_DEFAULT_PLATFORM'];
      return loadImages(context, source, what, { platform: platformOf(platform), everyPlatform, on, signal });
    },
    async *save(references, format, platform) {
      const { saveImages } = await import('./archive/save.ts');
      yield* saveImages(context, references, format, askedPlatform(platform));
    },
    async *flatten(reference, platform) {
      const { flattenImage } = await import('./archive/flatten.ts');
      yield* flattenImage(context, reference, askedPlatform(platform));
    },
    async *flattenPlatforms(reference, parts) {
      const { flattenPlatforms } = await import('./archive/flatten.ts');
      const placed = parts.map(({ platform, directory }) => ({
        platform: parsePlatform(platform),
        directory,
      }));
      yield* flattenPlatforms(context, reference, placed);
    },
    async import(source, { platform, changes = [], ...request }) {
      const { importImage } = await import('./archive/import.ts');
      return importImage(context, source, { ...request, changes, platform: platformOf(platform) });
    },
    async commit(request) {
      const { commitContainer } = await import('./archive/commit.ts');
      return commitContainer(context, request);
    },
    async *export({ layers }) {
      const { exportRoot } = await import('./layer/pack.ts');
      yield* exportRoot(context.tools, layers);
    },

    ...entryOperations(context),
  };
}

/** What works with the images that are here. */
function entryOperations(
  context: StoreContext,
): Pick<
  ImageStore,
  'list' | 'inspect' | 'tag' | 'remove' | 'prune' | 'pruneBuildCache' | 'tidyBuildCache' | 'build' | 'collect'
> {
  return {
    async list() {
      const { listImages } = await import('./images.ts');
      return listImages(context);
    },
    async inspect(reference, platform) {
      const { inspectImage } = await import('./images.ts');
      return inspectImage(context, reference, askedPlatform(platform));
    },
    async tag(source, target) {
      const { tagImage } = await import('./images.ts');
      return tagImage(context, source, target);
    },
    async remove(reference, removeOptions) {
      const { removeImage } = await import('./remove.ts');
      const { platform, ...options } = removeOptions;
      const asked = askedPlatform(platform);
      return removeImage(context, reference, { ...options, ...(asked && { platform: asked }) });
    },
    async prune(pruneOptions) {
      const { pruneImages } = await import('./remove.ts');
      return pruneImages(context, pruneOptions);
    },
    async pruneBuildCache(pruneOptions) {
      const { pruneBuildCache } = await import('./prune-build-cache.ts');
      return pruneBuildCache(context, pruneOptions);
    },
    async tidyBuildCache(uses) {
      const { tidyBuildCache } = await import('./tidy-build-cache.ts');
      return tidyBuildCache(context, uses);
    },
    async build() {
      await context.prepare();
      // What steps came to before a power cut is looked at again before it is built upon.
      await context.settle();
      const { BuildStore } = await import('./build-store.ts');
      return new BuildStore(context);
    },
    async collect(usedImages) {
      const { collectGarbage } = await import('./collect.ts');
      return collectGarbage(context, usedImages);
    },
  };
}

function askedPlatform(text: string | undefined): Platform | undefined {
  return text === undefined ? undefined : parsePlatform(text);
}
