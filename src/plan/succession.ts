// Which of a service's containers count, where one is there to take another's place: because a command was cut off, or
// because an update is on its way.

import type { ObservedContainer } from './observed-state.ts';
import type { Cause } from './operation.ts';
import { isActive, isWhole } from './selection.ts';

export interface Removal {
  readonly container: ObservedContainer;
  readonly cause: Cause;
}

export interface SuccessionRules {
  /** The service keeps the predecessors of its replicas until all of these hold. */
  readonly isRolling: boolean;
  /** The container is what the model wants, and may take over. */
  isGood(container: ObservedContainer): boolean;
}

export interface Sorted {
  readonly usable: readonly ObservedContainer[];
  /** Id of a usable container -> the finished replacement that waits for it to go. */
  readonly unfinished: ReadonlyMap<string, ObservedContainer>;
  readonly leftovers: readonly Removal[];
}

/** Separates whole containers from what interrupted commands left. */
export function sortOut(own: readonly ObservedContainer[], { isGood, isRolling }: SuccessionRules): Sorted {
  const leftovers: Removal[] = [];
  const unfinished = new Map<string, ObservedContainer>();
  const superseded = new Set<string>();
  const byId = new Map(own.map((container) => [container.id, container]));
  const whole = own.filter((container) => {
    if (isWhole(container)) return true;
    leftovers.push({ container, cause: leftover(container) });
    return false;
  });
  const usable = whole.filter((container) => {
    const old = container.replaces === undefined ? undefined : byId.get(container.replaces);
    if (old === undefined || !whole.includes(old)) return true;
    const verdict = judgeSuccession(container, old, { isRolling, isGood });
    if (verdict === 'over') superseded.add(old.id);
    else if (verdict === 'under-way') unfinished.set(old.id, container);
    else leftovers.push({ container, cause: leftover(container) });
    return verdict === 'over';
  });
  for (const container of usable.filter(({ id }) => superseded.has(id))) {
    leftovers.push({ container, cause: { reason: 'replaced' } });
  }
  return { usable: usable.filter(({ id }) => !superseded.has(id)), unfinished, leftovers };
}

/**
 * How far a replica has taken over from another that is still there. With a rolling update it has only once it serves
 * alone; before, the old one may be what the update is taken back to.
 */
function judgeSuccession(
  container: ObservedContainer,
  old: ObservedContainer,
  { isGood, isRolling }: SuccessionRules,
): 'over' | 'under-way' | 'undone' {
  if (container.state === 'created') return isGood(container) ? 'under-way' : 'undone';
  const serves = isActive(container) && (container.health ?? 'healthy') === 'healthy';
  if (!isRolling || (serves && !isActive(old))) return 'over';
  if (isGood(container)) return 'under-way';
  return isActive(old) ? 'undone' : 'over';
}

/**
 * Ids of containers that are there only for an update that did not come to its end: where a replica is there twice, the
 * generation that does not stand for it. Only `up` has these run.
 */
export function findIdleGenerations(containers: readonly ObservedContainer[]): Set<string> {
  const byId = new Map(containers.filter(isWhole).map((container) => [container.id, container]));
  const idle = [...byId.values()].flatMap((successor) => {
    const old = byId.get(successor.replaces ?? '');
    if (old === undefined || (isActive(successor) && isActive(old))) return [];
    return [standsFor(successor, old) ? old.id : successor.id];
  });
  return new Set(idle);
}

/** What runs; else the successor, if the update has stopped the old one for it and it did not fail. */
function standsFor(successor: ObservedContainer, old: ObservedContainer): boolean {
  if (isActive(successor) || isActive(old)) return isActive(successor);
  const { error, state, stoppedByUser } = successor;
  const hasFailed = state === 'exited' && !stoppedByUser && !error;
  return state !== 'created' && !hasFailed && old.stoppedByUser;
}

/** An update that was cut off may have left two generations of a replica running. */
export function dropSuperseded(containers: readonly ObservedContainer[]) {
  const replaced = new Set(containers.map(({ replaces }) => replaces));
  const isSuperseded = ({ id }: ObservedContainer) => replaced.has(id);
  return {
    superseded: containers.filter(isSuperseded),
    kept: containers.filter((container) => !isSuperseded(container)),
  };
}

export function leftover(container: ObservedContainer): Cause {
  return { reason: 'leftover', what: `a container in state ${container.state}` };
}
