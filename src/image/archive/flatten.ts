// The files of an image as one tar, its layers put together; of several platforms each below a directory.

import type { StoreContext } from '../context.ts';
import { inspectImage } from '../images.ts';
import { exportRoot } from '../layer/pack.ts';
import type { Platform } from '../platform.ts';
import { emptyLayer } from '../resolve.ts';
import { placeBelow } from './place-below.ts';
import { tarEnd } from './tar-write.ts';

export interface PlacedPlatform {
  readonly platform: Platform;
  readonly directory: string;
}

export async function* flattenPlatforms(
  context: StoreContext,
  text: string,
  parts: readonly PlacedPlatform[],
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const { platform, directory } of parts)
    yield* placeBelow(flattenImage(context, text, platform), directory);
  yield tarEnd;
}

export async function* flattenImage(
  context: StoreContext,
  text: string,
  platform?: Platform,
): AsyncGenerator<Uint8Array, void, undefined> {
  const lease = await context.lease();
  try {
    const { layers } = await inspectImage(context, text, platform);
    const paths = layers.map(({ chainId }) => context.layers.path(chainId)).reverse();
    yield* exportRoot(context.tools, [...paths, await emptyLayer(context)]);
  } finally {
    await lease.release();
  }
}
