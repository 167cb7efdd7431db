// Turns the decisions of `up` into steps and says which waits for which.
//
// Creating waits for what the container is made of, starting for what its service depends on. A recreate makes the new
// container while the old one still serves, and takes the old one away only once its dependencies are ready;
// stop-first.ts says when that cannot be.

import type { ProjectModel } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import { emitPostStart, emitPreStop } from './hooks.ts';
import type { ObservedContainer } from './observed-state.ts';
import type { Cause, ContainerRef, NodeId, Operation } from './operation.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { emitPreStart } from './pre-start.ts';
import type { Removal, ReplicaDecision, ServiceDecision } from './replica-decision.ts';
import { networkKeys, type ResourceDecisions, volumeKeys } from './resource-decision.ts';
import { containerName, isActive } from './selection.ts';
import { containerSources } from './service-graph.ts';
import type { StopClasses } from './stop-first.ts';
import type { UpOptions } from './up-options.ts';

/** What was emitted for a service so far, for those that depend on it. */
export interface ServiceSteps {
  /** By replica, whether it is touched or not. */
  readonly containers: ContainerRef[];
  /** Of the lowest replica, if it is made by this plan. */
  source?: NodeId;
  readonly starts: NodeId[];
  /** Where the `pre_start` hooks that run once for the service ended. */
  prepared?: readonly NodeId[];
  /** Removals of what interrupted commands left. */
  readonly cleanups: readonly NodeId[];
}

export interface StepContext {
  readonly model: ProjectModel;
  readonly options: UpOptions;
  readonly builder: PlanBuilder;
  readonly resources: ResourceDecisions;
  readonly networkSteps: ReadonlyMap<string, NodeId>;
  readonly volumeSteps: ReadonlyMap<string, NodeId>;
  readonly steps: Map<string, ServiceSteps>;
  /** Container id -> the step that removes it. */
  readonly removed: Map<string, NodeId>;
  /** Container name -> the step that makes it. */
  readonly created: Map<string, NodeId>;
  /** Container -> the step that stops it. */
  readonly stopped: Map<ObservedContainer, NodeId>;
  /** Service -> the steps that remove what failed hooks left. */
  readonly hookRemovals: Map<string, readonly NodeId[]>;
  /** Service -> the step in which its provider brings it up. */
  readonly providers: Map<string, NodeId>;
  readonly classes: StopClasses;
  /** Steps that the start of a container of the service waits for. */
  gate(service: ServiceConfig): readonly NodeId[];
}

export function emitService(decision: ServiceDecision, context: StepContext): void {
  const { service } = decision;
  const removals = decision.removals.map((removal) => ({ removal, node: emitRemoval(removal, context) }));
  const cleanups = removals
    .filter(({ removal }) => removal.cause.reason === 'leftover')
    .map(({ node }) => node);
  cleanups.push(...(context.hookRemovals.get(service.name) ?? []));
  const current: ServiceSteps = { containers: [], starts: [], cleanups };
  context.steps.set(service.name, current);
  const emission: Emission = {
    ...context,
    service,
    hasRunning: decision.replicas.some(
      (replica) => replica.action === 'restart' || (replica.action === 'keep' && isActive(replica.container)),
    ),
    current,
    material: [...materialOf(service, context), ...cleanups],
    gated: context.options.noStart ? [] : context.gate(service),
  };
  for (const replica of decision.replicas) emitReplica(replica, emission);
}

interface Emission extends StepContext {
  readonly service: ServiceConfig;
  /** A replica runs and stays: what is done once for the service was done. */
  readonly hasRunning: boolean;
  readonly current: ServiceSteps;
  /** What must exist before a container of the service is made. */
  readonly material: readonly NodeId[];
  readonly gated: readonly NodeId[];
}

export function emitRemoval({ container, cause }: Removal, context: StepContext): NodeId {
  const { builder } = context;
  const after = emitStop(container, { cause, after: [] }, context);
  const node = builder.add({
    operation: { kind: 'remove-container', container: refTo(container), anonymousVolumes: false },
    cause,
    after,
  });
  context.removed.set(container.id, node);
  return node;
}

/** Nothing if there is nothing to stop. */
function emitStop(
  container: ObservedContainer,
  step: { readonly cause: Cause; readonly after: readonly NodeId[]; readonly group?: string },
  { builder, options, stopped }: StepContext,
): NodeId[] {
  if (!isActive(container)) return [];
  const operation: Operation = { kind: 'stop-container', container: refTo(container), ...grace(options) };
  const { last } = emitPreStop(container, step.after, { builder, ...step });
  const node = builder.add({ operation, ...step, after: last === undefined ? step.after : [last] });
  stopped.set(container, node);
  return [node];
}

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

function emitRecreate(replica: ReplicaDecision & { action: 'recreate' }, emission: Emission): void {
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
  if (options.noStart) return;
  const made = 'node' in container ? [container.node] : [];
  const after = [removed, ...made, ...emission.gated];
  startPrepared({ container, number: old.number, cause, after, group }, emission);
}

interface Start {
  readonly container: ContainerRef;
  readonly number: number;
  readonly cause: Cause;
  readonly after: readonly NodeId[];
  readonly group?: string;
}

/** The start of a container, after the hooks that go before it; what depends on it waits for those that come after. */
function startPrepared(start: Start, emission: Emission): void {
  const { builder, current, service } = emission;
  const { container, cause, group, number } = start;
  const create = (of: ServiceConfig, name: string) =>
    createOperation({ ...emission, service: of }, number, name);
  const prepare = (perReplica: boolean, after: readonly NodeId[]) =>
    emitPreStart(service, perReplica, {
      ...{ builder, cause, container, number, create },
      after: [...after, ...current.cleanups],
    });
  // What is done once for the service was done if a replica runs.
  current.prepared ??= emission.hasRunning ? [] : prepare(false, start.after);
  const ready = [...start.after, ...current.prepared];
  const step = { builder, cause, ...(group === undefined ? {} : { group }) };
  const operation = { kind: 'start-container', container } as const;
  const started = builder.add({ operation, ...step, after: [...ready, ...prepare(true, ready)] });
  current.starts.push(emitPostStart(container, service.post_start, started, step));
}

/** Others share the lowest replica, which comes first. */
function addCreated(node: NodeId, name: string, current: ServiceSteps): { node: NodeId; name: string } {
  if (current.containers.length === 0) current.source = node;
  return { node, name };
}

/** Steps that make what a container of the service is made of. */
export function materialOf(service: ServiceConfig, context: StepContext): NodeId[] {
  const found = [
    ...networkKeys(service).map((key) => context.networkSteps.get(key)),
    ...volumeKeys(service).map((key) => context.volumeSteps.get(key)),
    ...Object.keys(service.depends_on).map((on) => context.providers.get(on)),
    ...containerSources(service).flatMap((source) => {
      const steps = context.steps.get(source);
      return [steps?.source, ...(steps?.cleanups ?? [])];
    }),
  ];
  return found.filter((id) => id !== undefined);
}

export function createOperation(
  { model, options, service }: Pick<Emission, 'model' | 'options' | 'service'>,
  number: number,
  name: string,
) {
  const referenced = <T>(section: Readonly<Record<string, T>>, keys: readonly string[]) =>
    Object.fromEntries(
      keys.flatMap((key) => (section[key] === undefined ? [] : [[key, section[key]] as const])),
    );
  const names = (section: Readonly<Record<string, { readonly name: string }>>, keys: readonly string[]) =>
    Object.fromEntries(keys.map((key) => [key, section[key]?.name ?? key]));
  return {
    kind: 'create-container',
    service,
    number,
    name,
    oneOff: false,
    configs: referenced(
      model.configs,
      (service.configs ?? []).map((file) => file.source),
    ),
    secrets: referenced(
      model.secrets,
      (service.secrets ?? []).map((file) => file.source),
    ),
    networks: names(model.networks, networkKeys(service)),
    volumes: names(model.volumes, volumeKeys(service)),
    renewAnonymousVolumes: options.renewAnonymousVolumes ?? false,
  } as const satisfies Operation;
}

function grace(options: UpOptions): { timeout?: number } {
  return options.timeout === undefined ? {} : { timeout: options.timeout };
}

export function refTo(container: ObservedContainer): { id: string; name: string } {
  return { id: container.id, name: container.name };
}
