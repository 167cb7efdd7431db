// The files of an image as one tar, its layers put together.

import type { StoreContext } from '../context.ts';
import { inspectImage } from '../images.ts';
import { exportRoot } from '../layer/pack.ts';
import { emptyLayer } from '../resolve.ts';

export async function* flattenImage(
  context: StoreContext,
  text: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const lease = await context.lease();
  try {
    const { layers } = await inspectImage(context, text);
    const paths = layers.map(({ chainId }) => context.layers.path(chainId)).reverse();
    yield* exportRoot(context.tools, [...paths, await emptyLayer(context)]);
  } finally {
    await lease.release();
  }
}
