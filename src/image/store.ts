// The image store: what the engine and the commands ask for. Every operation may run in several processes at once, and
// may be killed at any instant and run again.

import type { ImageEntry } from './content/image-index.ts';
import { createStoreContext, type ImageStoreOptions } from './context.ts';
import type { ResolvedImage } from './image.ts';
import { hostPlatform, parsePlatform } from './platform.ts';
import type { OnImageEvent } from './progress.ts';
import { type ResolveRequest, resolveImage } from './resolve.ts';

export interface ImageStore {
  /** What `image:` says, ready to be run; pulls or loads what is not here. */
  resolve(reference: string, request: ResolveRequest): Promise<ResolvedImage>;
  /** While it is held no image is removed. Taken from before `resolve` until a container's record names the image. */
  lease(): Promise<{ release(): Promise<void> }>;
  /** Everything in an archive (a path, or its bytes) or in a directory with an OCI image layout. */
  load(
    source: string | AsyncIterable<Uint8Array>,
    options?: OperationOptions,
  ): Promise<readonly ImageEntry[]>;
}

export interface OperationOptions {
  readonly platform?: string;
  readonly on?: OnImageEvent;
  readonly signal?: AbortSignal;
}

export function createImageStore(options: ImageStoreOptions): ImageStore {
  const context = createStoreContext(options);
  const platformOf = (text: string | undefined) =>
    text === undefined ? hostPlatform() : parsePlatform(text);
  return {
    resolve: (reference, request) => resolveImage(context, reference, request),
    lease: () => context.lease(),
    async load(source, { platform, on = () => undefined, signal } = {}) {
      const { loadImages } = await import('./archive/load.ts');
      const what = typeof source === 'string' ? source : 'standard input';
      return loadImages(context, source, what, { platform: platformOf(platform), on, signal });
    },
  };
}
