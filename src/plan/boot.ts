// Around a reboot: what stops with the host, and what comes back with it. From records alone: no Compose file is read.

import type { Nanoseconds } from '../project/model.ts';
import { resolveRestart } from '../project/restart-policy.ts';
import { mapDependencies, orderByDependency } from './dependency-map.ts';
import type { ObservedContainer, ObservedState } from './observed-state.ts';
import type { Plan } from './operation.ts';
import { PlanBuilder } from './plan-builder.ts';
import { refTo } from './replica-steps.ts';
import { isActive, isWhole } from './selection.ts';
import { Sequence } from './sequence.ts';
import { emitStops } from './stop-order.ts';
import { findIdleGenerations } from './succession.ts';

export interface RestoreOptions {
  /** How long a container waits for the health or the end of what it depends on. */
  readonly waitTimeout?: Nanoseconds;
}

/**
 * Starts what its restart policy brings back, in the order of dependencies. Dependencies order the return and do not
 * prevent it: each container has passed its conditions once, and one that cannot be met now is a warning. What a
 * container depends on and what does not come back itself is not waited for.
 */
export function planRestore(state: ObservedState, { waitTimeout }: RestoreOptions = {}): Plan {
  const idle = findIdleGenerations(state.containers);
  const due = new Set(state.containers.filter((each) => comesBack(each) && !idle.has(each.id)));
  const map = mapDependencies(undefined, state.containers);
  const present = state.containers.filter((container) => due.has(container) || isActive(container));
  const sequence = new Sequence(present, map, 'system restore');
  for (const name of orderByDependency(map)) {
    const returning = sequence.containersOf(name).filter((container) => due.has(container));
    const patience = { required: false, ...(waitTimeout === undefined ? {} : { timeout: waitTimeout }) };
    const gate = returning.length === 0 ? [] : sequence.gate(name, () => true, patience);
    for (const container of returning) {
      sequence.add(container, { kind: 'start-container', container: refTo(container) }, gate);
    }
  }
  return sequence.builder.finish(state.project);
}

/**
 * Docker's rule at the start of its daemon (moby, daemon.restore and restartmanager.ShouldRestart): `always`, whoever
 * stopped it; `unless-stopped`, unless the user did; `on-failure`, if it failed and may try once more. Only what was
 * started before. A container that went down with the host has failed.
 */
function comesBack(container: ObservedContainer): boolean {
  if (!isWhole(container) || container.state === 'created' || isActive(container)) return false;
  const { policy, maxRetries } = resolveRestart(container.recorded) ?? { policy: 'no', maxRetries: 0 };
  switch (policy) {
    case 'always':
      return true;
    case 'unless-stopped':
      return !container.stoppedByUser;
    case 'on-failure':
      return container.exitCode !== 0 && (maxRetries === 0 || container.restartCount < maxRetries);
    case 'no':
      return false;
  }
}

/** Stops all that runs, one-offs too, dependents first; recorded as stopped by the host. */
export function planHostStop(state: ObservedState): Plan {
  const builder = new PlanBuilder();
  emitStops(state.containers.filter(isActive), {
    model: undefined,
    builder,
    by: 'host',
    cause: () => ({ reason: 'requested', verb: 'system stop' }),
  });
  return builder.finish(state.project);
}
