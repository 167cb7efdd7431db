// Builds on this engine: its store, its runtime, its network.

import { availableParallelism } from 'node:os';
import type { BuildOptions } from '../../build/solve/build-images.ts';
import type { StepContainers } from '../../build/solve/step-container.ts';
import type { AccountFiles, HostFacts } from '../../runtime/container-input.ts';
import type { EngineContext } from '../context.ts';
import { listImageUses } from '../image/image-operations.ts';
import type { Images } from '../image/images.ts';
import { removeEmptyRunDirectory } from '../instance/run-directory.ts';
import { needsSweep } from '../sweep/needs-sweep.ts';
import type { BuildNetwork } from './build-network.ts';
import { findBuildNetwork } from './build-network-record.ts';
import type { BuildOrder, BuildPort } from './build-port.ts';

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
  await store.tidyBuildCache(() => listImageUses(parts.context().instance.paths));
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
  await mend(context);
  const lease = await store.lease();
  let opened: Promise<Steps> | undefined;
  const open = () => {
    opened ??= openSteps(context, host(), (layers) => known.readAccounts({ layers }));
    return opened;
  };
  try {
    return await work({
      store: await store.build(),
      native: context.native,
      containers: { run: async (step, use) => (await open()).containers.run(step, use) },
      on: order.on,
      parallel: order.parallel ?? availableParallelism(),
      ...(order.signal && { signal: order.signal }),
    });
  } finally {
    await opened?.then(
      ({ network }) => network.leave(),
      () => undefined,
    );
    await lease.release();
    removeEmptyRunDirectory(context.instance.paths);
  }
}

/** What killed builds left. */
async function mend(context: EngineContext): Promise<void> {
  const { paths } = context.instance;
  if (needsSweep(paths, new Map())) {
    const { sweep } = await import('../sweep/sweep.ts');
    await sweep(context, []);
  }
  if (findBuildNetwork(paths) !== undefined) {
    const { removeUnusedBuildNetwork } = await import('./build-network.ts');
    await removeUnusedBuildNetwork(context);
  }
}

interface Steps {
  readonly containers: StepContainers;
  readonly network: BuildNetwork;
}

/** What runs commands is loaded by the first that is not in the cache. */
async function openSteps(
  context: EngineContext,
  host: HostFacts,
  readAccounts: (layers: readonly string[]) => AccountFiles,
): Promise<Steps> {
  const { BuildNetwork } = await import('./build-network.ts');
  const { createStepContainers } = await import('./step-container.ts');
  const network = new BuildNetwork(context);
  return { network, containers: createStepContainers({ context, host, network, readAccounts }) };
}
