// Replaces the replicas of a service batch by batch. Each batch has to become healthy and to hold for a while before the
// next one begins; only then are the replicas that it replaces relied on no more. These are kept, stopped, until the
// last batch holds: an update that fails can be taken back without making anything. docs/adr/0008-rolling-updates.md.

import type { Nanoseconds } from '../project/model.ts';
import type { ObservedContainer } from './observed-state.ts';
import type { ContainerRef, NodeId, UpdateTraits } from './operation.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { ReplicaDecision } from './replica-decision.ts';
import { createOperation, type Emission, emitStop, refTo, startPrepared } from './replica-steps.ts';
import type { Roll } from './roll.ts';
import { containerName, isActive } from './selection.ts';
import type { UpOptions } from './up-options.ts';
import { splitBatches, windowOf } from './update-policy.ts';

type Recreate = ReplicaDecision & { readonly action: 'recreate' };

/** A replica whose successor is on its way. */
interface Swap {
  readonly replica: Recreate;
  readonly successor: ContainerRef;
  readonly begun: readonly NodeId[];
}

/** Returns the steps after which the whole update holds. */
export function emitRoll(recreates: readonly Recreate[], roll: Roll, emission: Emission): NodeId[] {
  const { builder, current } = emission;
  // What an earlier command began comes first.
  const due = recreates.toSorted(
    (a, b) => Number(b.replacement !== undefined) - Number(a.replacement !== undefined),
  );
  const batches = splitBatches(due, roll.parallelism);
  const { name: service } = emission.service;
  const { failureAction, maxFailureRatio } = roll;
  const update = { service, total: recreates.length, failureAction, maxFailureRatio, isRollback: false };
  const swaps: Swap[] = [];
  let gate: readonly NodeId[] = [];
  for (const [index, batch] of batches.entries()) {
    const place = { number: index + 1, of: batches.length };
    const emitBatch = roll.order === 'start-first' ? startFirst : stopFirst;
    const done = emitBatch({ batch, place, gate, update, roll }, emission);
    swaps.push(...done.swaps);
    current.containers.push(...done.swaps.map(({ successor }) => successor));
    current.starts.push(done.observed);
    gate = done.after;
  }
  const end = [...gate];
  for (const { replica, successor } of swaps) {
    const { cause, container } = replica;
    const removed = builder.add({
      operation: {
        kind: 'remove-container',
        container: refTo(container),
        anonymousVolumes: false,
        successor,
      },
      ...{ cause, after: end, group: groupOf(replica, emission) },
    });
    emission.removed.set(container.id, removed);
  }
  return end;
}

interface Batch {
  readonly batch: readonly Recreate[];
  readonly place: { readonly number: number; readonly of: number };
  /** What the batch waits for. */
  readonly gate: readonly NodeId[];
  readonly update: UpdateTraits;
  readonly roll: Roll;
}

function observe(swaps: readonly Swap[], { place, roll, update }: Batch, { builder }: Emission): NodeId {
  const containers = swaps.map(({ successor }) => successor);
  const after = swaps.flatMap(({ begun }) => begun);
  return emitObservation({ update, containers, place, roll, after }, builder);
}

interface DoneBatch {
  readonly swaps: readonly Swap[];
  readonly observed: NodeId;
  /** What the next batch waits for. */
  readonly after: readonly NodeId[];
}

/** The old replicas serve until the new ones have held. */
function startFirst(step: Batch, emission: Emission): DoneBatch {
  const swaps = step.batch.map((replica): Swap => {
    const made = makeSuccessor(replica, step, emission);
    const begun = startSuccessor(replica, { ...step, made, after: made.after }, emission);
    return { replica, successor: made.ref, begun };
  });
  const observed = observe(swaps, step, emission);
  const stops = swaps.flatMap(({ replica, successor }) => {
    const drain = drainOf(replica.container, emission.options);
    const { cause, container } = replica;
    const stop = {
      cause,
      after: [observed],
      group: groupOf(replica, emission),
      traits: { drain, successor },
    };
    return emitStop(container, stop, emission);
  });
  return { swaps, observed, after: [observed, ...stops] };
}

/** While other replicas serve, requests to those that stop may end first; else that would only be a longer outage. */
function stopFirst(step: Batch, emission: Emission): DoneBatch {
  const isServed = emission.replicas > step.batch.length;
  const swaps = step.batch.map((replica): Swap => {
    const { cause, container } = replica;
    const made = makeSuccessor(replica, step, emission);
    const traits = isServed ? { drain: drainOf(container, emission.options) } : {};
    const after = [...made.after, ...emission.gated];
    const stopped = emitStop(
      container,
      { cause, after, group: groupOf(replica, emission), traits },
      emission,
    );
    const begun = startSuccessor(replica, { ...step, made, after: [...after, ...stopped] }, emission);
    return { replica, successor: made.ref, begun };
  });
  const observed = observe(swaps, step, emission);
  return { swaps, observed, after: [observed] };
}

interface Successor {
  readonly ref: ContainerRef;
  /** After which it is there. */
  readonly after: readonly NodeId[];
}

function makeSuccessor(replica: Recreate, { gate, update }: Batch, emission: Emission): Successor {
  const { cause, container: old, replacement } = replica;
  if (replacement) return { ref: refTo(replacement), after: gate };
  const name = containerName(emission.model, emission.service, old.number, emission.options.separator);
  const operation = { ...createOperation(emission, old.number, name), replaces: refTo(old) };
  const after = [...emission.material, ...gate];
  const step = { operation, cause, after, group: groupOf(replica, emission) };
  const node = emission.builder.during(update, () => emission.builder.add(step));
  emission.created.set(name, node);
  return { ref: { node, name }, after: [...gate, node] };
}

/** One that runs already is only watched. */
function startSuccessor(
  replica: Recreate,
  { after, made: { ref }, update }: Batch & { readonly made: Successor; readonly after: readonly NodeId[] },
  emission: Emission,
): readonly NodeId[] {
  const { cause, container, replacement } = replica;
  if (replacement && isActive(replacement)) return after;
  const start = { container: ref, number: container.number, cause, group: groupOf(replica, emission) };
  const begin = () => startPrepared({ ...start, after: [...after, ...emission.gated] }, emission);
  return [emission.builder.during(update, begin)];
}

function groupOf({ container }: Recreate, { service }: Emission): string {
  return `Recreate ${service.name}-${container.number}`;
}

export interface Observation {
  readonly update: UpdateTraits;
  readonly containers: readonly ContainerRef[];
  readonly place: { readonly number: number; readonly of: number };
  readonly roll: Roll;
  readonly after: readonly NodeId[];
}

export function emitObservation(observation: Observation, builder: PlanBuilder): NodeId {
  const { after, containers, place, roll, update } = observation;
  const window = windowOf(roll, place.number === place.of);
  const { order } = roll;
  return builder.add({
    operation: { kind: 'observe-update', ...update, containers, batch: place, window, order },
    cause: update.isRollback ? { reason: 'update-failed' } : { reason: 'requested', verb: 'update_config' },
    after,
  });
}

/** Docker's default grace period. */
const GRACE: Nanoseconds = 10e9;

/** As long as it may take to stop. */
export function drainOf(
  { recorded }: ObservedContainer,
  { timeout }: Pick<UpOptions, 'timeout'>,
): Nanoseconds {
  return timeout ?? recorded.stop_grace_period ?? GRACE;
}
