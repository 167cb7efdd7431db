// Takes a failed update back, from what there is: replicas that an update has replaced were kept, and serve again; what
// took their place goes. In batches and in the order that `deploy.rollback_config` says.

import type { ProjectModel } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import { isSince } from './instant.ts';
import type { ObservedContainer, ObservedState } from './observed-state.ts';
import type { NodeId, Plan, UpdateTraits } from './operation.ts';
import { PlanBuilder } from './plan-builder.ts';
import { emitRemoval, emitStop, refTo } from './replica-steps.ts';
import { whyApart } from './roll.ts';
import { drainOf, emitObservation } from './rolling-update.ts';
import { isActive, isWhole, replicasByService } from './selection.ts';
import { withDependencies } from './service-graph.ts';
import type { UpOptions } from './up-options.ts';
import { resolvePolicy, splitBatches, type UpdatePolicy } from './update-policy.ts';

/** Of `failure_action: rollback`; a rollback that fails is not taken back. */
export function planRollback(
  model: ProjectModel,
  state: ObservedState,
  service: ServiceConfig,
  options: UpOptions,
): Plan {
  const own = replicasByService(state).get(service.name) ?? [];
  const { fresh, returning, standing } = sortGenerations(own, options.since);
  const roll = choosePolicy(service, returning, state, options);
  const { failureAction, maxFailureRatio } = roll;
  const traits = { total: returning.length, failureAction, maxFailureRatio, isRollback: true };
  const context: Context = {
    ...{ builder: new PlanBuilder(), options, removed: new Map(), stopped: new Map() },
    ...{ roll, update: { service: service.name, ...traits } },
  };
  // What never served goes first: it is in nobody's way, and has nothing that is needed.
  const waiting = findWaiting(model, state, service.name, options.since);
  for (const container of [...standing, ...fresh, ...waiting]) emitRemoval({ container, cause }, context);
  const batches = splitBatches(returning, context.roll.parallelism);
  let gate: readonly NodeId[] = [];
  for (const [index, batch] of batches.entries()) {
    gate = emitBatch(batch, { number: index + 1, of: batches.length }, gate, context);
  }
  return context.builder.finish(model.name);
}

const cause = { reason: 'update-failed' } as const;

/** A replica that comes back, and the one that took its place. */
interface Return {
  readonly old: ObservedContainer;
  readonly successor: ObservedContainer;
}

interface Generations {
  readonly returning: readonly Return[];
  /** Successors of replicas that still run. */
  readonly standing: readonly ObservedContainer[];
  /** Made by this very command beside the replicas that there were. */
  readonly fresh: readonly ObservedContainer[];
}

function sortGenerations(own: readonly ObservedContainer[], since: string | undefined): Generations {
  const byId = new Map(own.filter(isWhole).map((container) => [container.id, container]));
  const replaced = new Set(own.map(({ replaces }) => replaces));
  const returning: Return[] = [];
  const standing: ObservedContainer[] = [];
  const fresh: ObservedContainer[] = [];
  for (const successor of own.filter(({ id }) => !replaced.has(id))) {
    const old = successor.replaces === undefined ? undefined : byId.get(successor.replaces);
    const isNew = isSince(successor.createdAt, since);
    if (old && !isActive(old)) returning.push({ old, successor });
    else if (old) standing.push(successor);
    else if (isNew) fresh.push(successor);
  }
  // What does not serve is nobody's loss: its predecessor comes back first.
  returning.sort((a, b) => Number(serves(a.successor)) - Number(serves(b.successor)));
  return { returning, standing, fresh };
}

/** Made by this very command for services that were to follow the update, and never started. */
function findWaiting(
  { services }: ProjectModel,
  { containers }: ObservedState,
  updated: string,
  since: string | undefined,
): readonly ObservedContainer[] {
  return containers.filter(
    ({ service, state, createdAt, oneOff }) =>
      !oneOff &&
      state === 'created' &&
      service !== updated &&
      isSince(createdAt, since) &&
      withDependencies(services, [service]).has(updated),
  );
}

function serves(container: ObservedContainer): boolean {
  return isActive(container) && (container.health ?? 'healthy') === 'healthy';
}

interface Context {
  readonly builder: PlanBuilder;
  readonly options: UpOptions;
  readonly removed: Map<string, NodeId>;
  readonly stopped: Map<ObservedContainer, NodeId>;
  readonly roll: UpdatePolicy;
  readonly update: UpdateTraits;
}

function choosePolicy(
  service: ServiceConfig,
  returning: readonly Return[],
  state: ObservedState,
  options: UpOptions,
): UpdatePolicy {
  const policy = resolvePolicy(service.deploy?.rollback_config);
  const keepers = new Set(state.volumes.flatMap(({ anonymous, usedBy }) => (anonymous ? usedBy : [])));
  const old = returning.map((each) => each.old);
  const isApart = whyApart(service, old, { keepers, options }) !== undefined;
  return isApart ? { ...policy, order: 'stop-first' } : policy;
}

function emitBatch(
  batch: readonly Return[],
  place: { readonly number: number; readonly of: number },
  gate: readonly NodeId[],
  context: Context,
): NodeId[] {
  const { builder, roll, update } = context;
  const isFirst = roll.order === 'start-first';
  const stops = isFirst ? [] : batch.flatMap(({ successor }) => stop(successor, gate, context));
  const containers = batch.map(({ old }) => refTo(old));
  const starts = containers.map((container) =>
    builder.during(update, () =>
      builder.add({
        operation: { kind: 'start-container', container },
        ...{ cause, after: [...gate, ...stops] },
      }),
    ),
  );
  const observed = emitObservation({ update, containers, place, roll, after: starts }, builder);
  return batch.map(({ successor }) => {
    const stopped = isFirst ? stop(successor, [observed], context) : [];
    const operation = {
      kind: 'remove-container',
      container: refTo(successor),
      anonymousVolumes: false,
    } as const;
    return builder.add({ operation, cause, after: [observed, ...stopped] });
  });
}

/** What failed has nothing to prepare for: its `pre_stop` hooks might fail, too. */
function stop(container: ObservedContainer, after: readonly NodeId[], context: Context): NodeId[] {
  const { pre_stop: _hooks, ...bare } = container.recorded;
  const target = serves(container) ? container : { ...container, recorded: bare };
  const traits = serves(container) ? { drain: drainOf(container, context.options) } : {};
  return emitStop(target, { cause, after, traits }, context);
}
