// builder prune: steps of builds that are kept for the next one.

import type { PrunedBuildCache } from '../engine/ports.ts';
import type { AppContext } from './context.ts';
import { parseInstant } from './instant.ts';

export interface BuilderPruneOptions {
  /** Also what images are made of, and the caches of commands. */
  readonly all: boolean;
  /** Last used before: an instant, or how long ago. */
  readonly until?: string;
  /** Bytes that stay. */
  readonly keep?: number;
}

/** Undefined: the user said no. */
export async function builderPrune(
  context: AppContext,
  { all, keep, until }: BuilderPruneOptions,
  confirm: () => Promise<boolean>,
): Promise<PrunedBuildCache | undefined> {
  const { dryRun } = context;
  const instant = parseInstant('filter', until, Date.now());
  const { images } = await context.engine(dryRun ? 'read' : 'change');
  if (!dryRun && !(await confirm())) return undefined;
  return images.pruneBuildCache({
    all,
    dryRun,
    ...(keep !== undefined && { keep }),
    ...(instant !== undefined && { until: Date.parse(instant) }),
  });
}
