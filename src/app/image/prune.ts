// image prune: images that nothing uses.

import type { AppContext } from '../context.ts';
import { parseInstant } from '../instant.ts';
import { type RemovedNames, toNames } from './rm.ts';

export interface ImagePruneOptions {
  /** Those with a name too, if no container uses them. */
  readonly all: boolean;
  /** Made before: an instant, or how long ago. */
  readonly until?: string;
  /** `KEY` or `KEY=VALUE`; with `!` in front, images that have it are kept. */
  readonly labels: readonly string[];
}

/** Undefined: the user said no. */
export async function imagePrune(
  context: AppContext,
  { all, labels, until }: ImagePruneOptions,
  confirm: () => Promise<boolean>,
): Promise<RemovedNames | undefined> {
  const { dryRun } = context;
  const instant = parseInstant('filter', until, Date.now());
  const { images } = await context.engine(dryRun ? 'read' : 'change');
  if (!dryRun && !(await confirm())) return undefined;
  const removed = await images.prune({
    all,
    labels,
    dryRun,
    ...(instant !== undefined && { until: Date.parse(instant) }),
  });
  return toNames(removed, dryRun);
}
