// Gives up steps of builds that are kept for the next one, and the directories that commands of builds keep for each
// other. What images are made of stays with them.

import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TcError } from '../base/error.ts';
import { collectGarbage } from './collect.ts';
import { BuildCache, type UsedStep } from './content/build-cache.ts';
import { ContextDigests } from './content/context-digests.ts';
import { ignoreAbsent } from './content/files.ts';
import type { StoreContext } from './context.ts';
import { chainIds, type Digest } from './digest.ts';
import { removeDirectory } from './layer/layer-store.ts';
import type { ImageUse } from './remove.ts';
import { readConfiguration } from './resolve.ts';

export interface PruneBuildCacheOptions {
  readonly uses: readonly ImageUse[];
  /** Also steps that images are made of, and the directories of `--mount=type=cache`. */
  readonly all?: boolean;
  /** Only what was last used before this instant, in milliseconds since the epoch. */
  readonly until?: number;
  /** Bytes: what was used last stays, up to so much. */
  readonly keep?: number;
  readonly dryRun?: boolean;
}

export interface PrunedBuildCache {
  readonly steps: number;
  readonly mounts: number;
  /** Bytes. */
  readonly reclaimed: number;
}

export async function pruneBuildCache(
  context: StoreContext,
  options: PruneBuildCacheOptions,
): Promise<PrunedBuildCache> {
  await context.prepare();
  const cache = new BuildCache(context.layout.buildSteps);
  const doomed = await chooseSteps(context, await cache.listUsed(), options);
  const mounts = options.all ? await chooseMounts(context, options) : [];
  const planned = { steps: doomed.length, mounts: mounts.length };
  if (options.dryRun) return { ...planned, reclaimed: 0 };
  for (const { key } of doomed) await cache.remove(key);
  if (options.keep === undefined) {
    await new ContextDigests(context.layout).removeUnused(options.until ?? Date.now());
  }
  const reclaimedMounts = await removeMounts(context, mounts);
  const used = new Set(options.uses.map(({ imageId }) => imageId));
  const collected = await collectGarbage(context, used);
  return { ...planned, reclaimed: reclaimedMounts + (collected?.reclaimed ?? 0) };
}

async function chooseSteps(
  context: StoreContext,
  steps: readonly UsedStep[],
  { all, keep, until }: PruneBuildCacheOptions,
): Promise<readonly UsedStep[]> {
  const ofImages = all ? new Set<Digest>() : await listImageChains(context);
  const candidates = steps.filter(
    ({ step, usedAt }) => !ofImages.has(step.chainId) && (until === undefined || usedAt < until),
  );
  if (keep === undefined) return candidates;
  const counted = new Set<Digest>();
  let size = 0;
  const newestFirst = [...candidates].sort((a, b) => b.usedAt - a.usedAt);
  const doomed: UsedStep[] = [];
  for (const each of newestFirst) {
    const { chainId, descriptor } = each.step;
    if (!counted.has(chainId)) {
      counted.add(chainId);
      size += descriptor.size + ((await context.layers.readRecord(chainId))?.bytes ?? 0);
    }
    if (size > keep) doomed.push(each);
  }
  return doomed;
}

async function listImageChains(context: StoreContext): Promise<Set<Digest>> {
  const { entries } = await context.catalog.read();
  const chains = await Promise.all(
    entries.map(async (entry) => {
      const { diffIds } = await readConfiguration(context, entry, entry.name ?? entry.imageId);
      return chainIds(diffIds);
    }),
  );
  return new Set(chains.flat());
}

async function chooseMounts(
  { layout }: StoreContext,
  { until }: PruneBuildCacheOptions,
): Promise<readonly string[]> {
  const names = (await readdir(layout.buildMounts).catch(ignoreAbsent)) ?? [];
  const paths: string[] = [];
  for (const name of names) {
    const path = join(layout.buildMounts, name);
    const found = await stat(path).catch(ignoreAbsent);
    if (found && (until === undefined || found.mtimeMs < until)) paths.push(path);
  }
  return paths;
}

/** While nobody builds. Bytes. */
async function removeMounts(context: StoreContext, paths: readonly string[]): Promise<number> {
  if (paths.length === 0) return 0;
  const lock = await context.locks.hold('lease', 'exclusive', false);
  if (lock === undefined) {
    throw new TcError('somebody builds or pulls right now, and may use the caches of commands', {
      code: 'store-busy',
      kind: 'environment',
      hints: ['run the command again when they are done'],
    });
  }
  try {
    let size = 0;
    for (const path of paths) {
      size += await measure(path);
      await removeDirectory(context.tools, path);
    }
    return size;
  } finally {
    await lock.release();
  }
}

async function measure(directory: string): Promise<number> {
  let size = 0;
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const found = await lstat(path);
    size += found.isDirectory() ? await measure(path) : found.size;
  }
  return size;
}
