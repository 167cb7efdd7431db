// `container commit`: what a container has changed, as a layer over its image.

import { TcError } from '../../base/error.ts';
import type { RawConfig } from '../changes.ts';
import { findById } from '../content/catalog.ts';
import type { ImageEntry } from '../content/image-index.ts';
import type { StoreContext } from '../context.ts';
import { packDiff } from '../layer/pack.ts';
import { makeImage } from '../make-image.ts';

export interface CommitRequest {
  /** Id of the image that the container was made from. */
  readonly imageId: string;
  /** The container's writable directory. */
  readonly upper: string;
  /** The container's own config, where it differs from its image's. */
  readonly config?: RawConfig;
  readonly reference?: string;
  readonly changes?: readonly string[];
  readonly author?: string;
  readonly message?: string;
}

/** Whoever calls freezes the container meanwhile, or takes the risk. */
export async function commitContainer(context: StoreContext, request: CommitRequest): Promise<ImageEntry> {
  const { imageId, upper, changes = [], ...rest } = request;
  const { entries } = await context.catalog.read();
  const base = findById(entries, imageId);
  if (!base) {
    throw new TcError(`the image ${imageId} of the container is not in the store`, {
      code: 'no-such-image',
      hints: ['containers of `host` and of `rootfs:` cannot be committed; export them and import the file'],
    });
  }
  return makeImage(context, {
    ...rest,
    base,
    platform: base.platform,
    changes,
    layer: packDiff(context.tools, upper),
    createdBy: '',
    what: `the changes over ${base.name ?? imageId}`,
  });
}
