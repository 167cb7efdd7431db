// Turns the decisions of `up` into steps and says which waits for which.
//
// Creating waits for what the container is made of, starting for what its service depends on. A recreate makes the new
// container while the old one still serves, and takes the old one away only once its dependencies are ready;
// stop-first.ts says when that cannot be.

import { emitPostStart, emitPreStop } from './hooks.ts';
import type { ObservedContainer } from './observed-state.ts';
import type { Cause, NodeId, Operation } from './operation.ts';
import type { ReplicaDecision, ServiceDecision } from './replica-decision.ts';
import {
  addCreated,
  createOperation,
  type Emission,
  emitRemoval,
  emitStop,
  grace,
  materialOf,
  refTo,
  type ServiceSteps,
  type StepContext,
  startPrepared,
} from './replica-steps.ts';
import { emitRoll } from './rolling-update.ts';
import { containerName, isActive } from './selection.ts';
import type { Removal } from './succession.ts';

export function emitService(decision: ServiceDecision, context: StepContext): void {
  const { replicas, service } = decision;
  const roll = context.rolls.get(service.name);
  const recreates = replicas.filter((replica) => replica.action === 'recreate');
  const [late, early] = partition(
    decision.removals,
    (removal) =>
      roll !== undefined && !context.giving.has(removal.container.id) && isLate(removal, recreates),
  );
  const cleanups = early.flatMap((removal) => {
    const node = emitRemoval(removal, context);
    return removal.cause.reason === 'leftover' ? [node] : [];
  });
  cleanups.push(...(context.hookRemovals.get(service.name) ?? []));
  const current: ServiceSteps = { containers: [], starts: [], cleanups };
  context.steps.set(service.name, current);
  const emission: Emission = {
    ...context,
    service,
    replicas: replicas.length,
    hasRunning: replicas.some(
      (replica) => replica.action === 'restart' || (replica.action === 'keep' && isActive(replica.container)),
    ),
    current,
    material: [...materialOf(service, context), ...cleanups],
    gated: context.options.noStart ? [] : context.gate(service),
  };
  for (const replica of replicas) {
    if (roll === undefined || replica.action !== 'recreate') emitReplica(replica, emission);
  }
  const end = roll === undefined ? [] : emitRoll(recreates, roll, emission);
  for (const removal of late) emitRemoval(removal, context, end);
}

/** What an update may be taken back with: it goes once the update holds, but for what is two generations old. */
function isLate({ container, cause }: Removal, recreates: readonly Recreate[]): boolean {
  if (cause.reason === 'scale') return true;
  return (
    cause.reason === 'replaced' && !recreates.some((replica) => replica.container.replaces === container.id)
  );
}

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))];
}

type Recreate = ReplicaDecision & { readonly action: 'recreate' };

function emitReplica(replica: ReplicaDecision, emission: Emission): void {
  switch (replica.action) {
    case 'keep':
      emission.current.containers.push(refTo(replica.container));
      return;
    case 'start':
    case 'restart':
      emitStart(replica.container, replica.action, replica.cause, emission);
      return;
    case 'create':
      emitCreate(replica, emission);
      return;
    case 'recreate':
      emitRecreate(replica, emission);
      return;
  }
}

function emitStart(
  container: ObservedContainer,
  action: 'start' | 'restart',
  cause: Cause,
  emission: Emission,
): void {
  const ref = refTo(container);
  const operation: Operation =
    action === 'start'
      ? { kind: 'start-container', container: ref }
      : { kind: 'restart-container', container: ref, ...grace(emission.options) };
  emission.current.containers.push(ref);
  const { builder } = emission;
  if (action === 'restart') {
    const { last } = emitPreStop(container, emission.gated, { builder, cause });
    const node = builder.add({ operation, cause, after: last === undefined ? emission.gated : [last] });
    emission.current.starts.push(emitPostStart(ref, container.recorded.post_start, node, { builder, cause }));
    return;
  }
  startPrepared({ container: ref, number: container.number, cause, after: emission.gated }, emission);
}

function emitCreate(replica: ReplicaDecision & { action: 'create' }, emission: Emission): void {
  const { builder, current, options } = emission;
  const { cause, name, number } = replica;
  const operation = createOperation(emission, number, name);
  const created = builder.add({ operation, cause, after: emission.material });
  emission.created.set(name, created);
  const container = addCreated(created, name, current);
  current.containers.push(container);
  if (options.noStart) return;
  startPrepared({ container, number, cause, after: [created, ...emission.gated] }, emission);
}

function emitRecreate(replica: Recreate, emission: Emission): void {
  const { builder, current, options, service } = emission;
  const { cause, container: old, replacement } = replica;
  const group = `Recreate ${service.name}-${old.number}`;
  const name = containerName(emission.model, service, old.number, options.separator);
  const isFirst = emission.classes.first.has(service.name);
  const isEarly = emission.classes.early.has(service.name);
  const create = (after: readonly NodeId[]): NodeId => {
    const operation = { ...createOperation(emission, old.number, name), replaces: refTo(old) };
    const created = builder.add({ operation, cause, after: [...emission.material, ...after], group });
    emission.created.set(name, created);
    return created;
  };

  const before = isFirst || replacement ? [] : [create([])];
  const stop = emitStop(
    old,
    { cause, group, after: isEarly ? before : [...before, ...emission.gated] },
    emission,
  );
  const removed = builder.add({
    operation: { kind: 'remove-container', container: refTo(old), anonymousVolumes: false },
    cause,
    after: [...before, ...stop],
    group,
  });
  emission.removed.set(old.id, removed);

  const container = replacement
    ? refTo(replacement)
    : addCreated(before[0] ?? create([removed]), name, current);
  current.containers.push(container);
  if (options.noStart || (replacement && isActive(replacement))) return;
  const made = 'node' in container ? [container.node] : [];
  const after = [removed, ...made, ...emission.gated];
  startPrepared({ container, number: old.number, cause, after, group }, emission);
}
