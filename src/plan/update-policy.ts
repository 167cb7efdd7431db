// What `deploy.update_config` and `deploy.rollback_config` ask for, with Swarm's defaults (moby/swarmkit, api/defaults and
// manager/orchestrator/update). Pure.

import type { Nanoseconds } from '../project/model.ts';
import type { UpdateConfig } from '../project/service-config.ts';
import type { FailureAction, UpdateOrder } from './operation.ts';

export interface UpdatePolicy {
  readonly order: UpdateOrder;
  /** Replicas at a time; 0: all. */
  readonly parallelism: number;
  /** From the start of one batch to that of the next, at least. */
  readonly delay: Nanoseconds;
  /** How long a replica has to hold before the update relies on it. */
  readonly monitor: Nanoseconds;
  readonly failureAction: FailureAction;
  readonly maxFailureRatio: number;
}

/** Of Swarm, for whose daemon 0 is the default as well. */
const MONITOR: Nanoseconds = 5e9;

export function resolvePolicy(config: UpdateConfig = {}): UpdatePolicy {
  return {
    order: (config.order ?? 'stop-first') as UpdateOrder,
    parallelism: config.parallelism ?? 1,
    delay: config.delay ?? 0,
    monitor: config.monitor || MONITOR,
    failureAction: (config.failure_action ?? 'pause') as FailureAction,
    maxFailureRatio: config.max_failure_ratio ?? 0,
  };
}

export function splitBatches<T>(items: readonly T[], parallelism: number): T[][] {
  const size = parallelism === 0 ? Math.max(1, items.length) : parallelism;
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/** A failure between two batches counts, too: the next one does not begin on a version that has failed. */
export function windowOf({ delay, monitor }: UpdatePolicy, isLast: boolean): Nanoseconds {
  return isLast ? monitor : Math.max(monitor, delay);
}

/** Whether the update goes on although so many of its replicas have failed. */
export function isTolerated(
  failed: number,
  update: { readonly total: number; readonly failureAction: FailureAction; readonly maxFailureRatio: number },
): boolean {
  // Ratios are written in decimals, which a binary product may miss by a hair.
  return update.failureAction === 'continue' || failed <= update.maxFailureRatio * update.total + 1e-6;
}
