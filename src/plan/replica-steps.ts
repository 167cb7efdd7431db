// The steps that every way to bring up a replica is made of: making it, starting it with its hooks, stopping it, removing it.

import type { ProjectModel } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import { emitPostStart, emitPreStop } from './hooks.ts';
import type { ObservedContainer } from './observed-state.ts';
import type { Cause, ContainerRef, NodeId, Operation, OperationOf } from './operation.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { emitPreStart } from './pre-start.ts';

import { networkKeys, type ResourceDecisions, volumeKeys } from './resource-decision.ts';
import type { Roll } from './roll.ts';
import { isActive } from './selection.ts';
import { containerSources } from './service-graph.ts';
import type { StopClasses } from './stop-first.ts';
import type { Removal } from './succession.ts';
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
  /** Service -> how its replicas are replaced, where not all at once. */
  readonly rolls: ReadonlyMap<string, Roll>;
  /** Ids of containers that have to go before others can be made. */
  readonly giving: ReadonlySet<string>;
  /** Steps that the start of a container of the service waits for. */
  gate(service: ServiceConfig): readonly NodeId[];
}

export interface Emission extends StepContext {
  readonly service: ServiceConfig;
  /** How many the service will have. */
  readonly replicas: number;
  /** A replica runs and stays: what is done once for the service was done. */
  readonly hasRunning: boolean;
  readonly current: ServiceSteps;
  /** What must exist before a container of the service is made. */
  readonly material: readonly NodeId[];
  readonly gated: readonly NodeId[];
}

export function emitRemoval(
  { container, cause }: Removal,
  context: Pick<StepContext, 'builder' | 'options' | 'removed' | 'stopped'>,
  after: readonly NodeId[] = [],
): NodeId {
  const stop = emitStop(container, { cause, after }, context);
  const node = context.builder.add({
    operation: { kind: 'remove-container', container: refTo(container), anonymousVolumes: false },
    cause,
    after: [...after, ...stop],
  });
  context.removed.set(container.id, node);
  return node;
}

export interface StopStep {
  readonly cause: Cause;
  readonly after: readonly NodeId[];
  readonly group?: string;
  readonly traits?: Pick<OperationOf<'stop-container'>, 'drain' | 'successor'>;
}

/** Nothing if there is nothing to stop. Hooks may keep it from serving: who drains does so before them. */
export function emitStop(
  container: ObservedContainer,
  { traits = {}, ...step }: StopStep,
  { builder, options, stopped }: Pick<StepContext, 'builder' | 'options' | 'stopped'>,
): NodeId[] {
  if (!isActive(container)) return [];
  const ref = refTo(container);
  const { drain, successor } = traits;
  const shared = successor ? { successor } : {};
  const hasHooks = container.state === 'running' && (container.recorded.pre_stop?.length ?? 0) > 0;
  const drained =
    drain === undefined || !hasHooks
      ? undefined
      : builder.add({ operation: { kind: 'drain-container', container: ref, drain, ...shared }, ...step });
  const ready = drained === undefined ? step.after : [drained];
  const { last } = emitPreStop(container, ready, { builder, ...step, ...shared });
  const operation: Operation = {
    ...{ kind: 'stop-container', container: ref, ...grace(options), ...shared },
    ...(drain === undefined || hasHooks ? {} : { drain }),
  };
  const node = builder.add({ operation, ...step, after: last === undefined ? ready : [last] });
  stopped.set(container, node);
  return [node];
}

export interface Start {
  readonly container: ContainerRef;
  readonly number: number;
  readonly cause: Cause;
  readonly after: readonly NodeId[];
  readonly group?: string;
}

/** The start of a container, after the hooks that go before it; what depends on it waits for those that come after: the step returned. */
export function startPrepared(start: Start, emission: Emission): NodeId {
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
  const begun = emitPostStart(container, service.post_start, started, step);
  current.starts.push(begun);
  return begun;
}

/** Others share the lowest replica, which comes first. */
export function addCreated(
  node: NodeId,
  name: string,
  current: ServiceSteps,
): { node: NodeId; name: string } {
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

export function grace(options: UpOptions): { timeout?: number } {
  return options.timeout === undefined ? {} : { timeout: options.timeout };
}

export function refTo(container: ObservedContainer): { id: string; name: string } {
  return { id: container.id, name: container.name };
}
