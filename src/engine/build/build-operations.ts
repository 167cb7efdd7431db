// Builds on this engine: its store, its runtime, its network.

import { availableParallelism } from 'node:os';
import type { BuildOptions } from '../../build/solve/build-images.ts';
import type { HostFacts } from '../../runtime/container-input.ts';
import type { EngineContext } from '../context.ts';
import { listImageUses } from '../image/image-operations.ts';
import type { Images } from '../image/images.ts';
import { removeEmptyRunDirectory } from '../instance/run-directory.ts';
import { sweep } from '../sweep/sweep.ts';
import { BuildNetwork, removeUnusedBuildNetwork } from './build-network.ts';
import type { BuildOrder, BuildPort } from './build-port.ts';
import { createStepContainers } from './step-container.ts';

export interface BuildParts {
  readonly context: () => EngineContext;
  readonly host: () => HostFacts;
  readonly images: () => Promise<Images>;
}

export function createBuildPort(parts: BuildParts): Pick<BuildPort, 'build' | 'check'> {
  return {
    build: (order) =>
      withWorkshop(parts, order, async (options) => {
        const { buildImages } = await import('../../build/solve/build-images.ts');
        const built = await buildImages(order.requests, options);
        return new Map(built.map((image) => [image.name, image]));
      }),
    check: (order) =>
      withWorkshop(parts, order, async (options) => {
        const { checkBuilds } = await import('../../build/solve/build-images.ts');
        return checkBuilds(order.requests, options);
      }),
  };
}

async function withWorkshop<T>(
  parts: BuildParts,
  order: BuildOrder,
  work: (options: BuildOptions) => Promise<T>,
): Promise<T> {
  const result = await leaseWorkshop(parts, order, work);
  const store = await (await parts.images()).store();
  await store.tidyBuildCache(listImageUses(parts.context().instance.paths));
  return result;
}

/** Nothing is collected while it lasts; what killed builds left is swept before. */
async function leaseWorkshop<T>(
  { context: makeContext, host, images }: BuildParts,
  order: BuildOrder,
  work: (options: BuildOptions) => Promise<T>,
): Promise<T> {
  const context = makeContext();
  const known = await images();
  const store = await known.store();
  await sweep(context, []);
  await removeUnusedBuildNetwork(context);
  const lease = await store.lease();
  const network = new BuildNetwork(context);
  const readAccounts = (layers: readonly string[]) => known.readAccounts({ layers });
  try {
    return await work({
      store: await store.build(),
      native: context.native,
      containers: createStepContainers({ context, host: host(), network, readAccounts }),
      on: order.on,
      parallel: order.parallel ?? availableParallelism(),
      ...(order.signal && { signal: order.signal }),
    });
  } finally {
    await network.leave();
    await lease.release();
    removeEmptyRunDirectory(context.instance.paths);
  }
}
