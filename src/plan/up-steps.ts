// Turns the decisions of `up` into steps and says which waits for which.
//
// Creating waits for what the container is made of, starting for what its service depends on. A recreate makes the new
// container while the old one still serves, and takes the old one away only once its dependencies are ready. Two
// exceptions stop first: containers that cannot exist beside their successor, and containers whose namespaces another
// one shares, which must not outlive it.

import type { ProjectModel } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import type { ObservedContainer } from './observed-state.ts';
import type { Cause, ContainerRef, NodeId, Operation } from './operation.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { Removal, ReplicaDecision, ServiceDecision } from './replica-decision.ts';
import { networkKeys, type ResourceDecisions, volumeKeys } from './resource-decision.ts';
import { containerName, isActive } from './selection.ts';
import { containerSources, namespaceSources } from './service-graph.ts';
import type { UpOptions } from './up-options.ts';

/** What was emitted for a service so far, for those that depend on it. */
export interface ServiceSteps {
  /** By replica, whether it is touched or not. */
  readonly containers: ContainerRef[];
  /** Of the lowest replica, if it is made by this plan. */
  source?: NodeId;
  readonly starts: NodeId[];
  readonly stops: NodeId[];
  isStopFirst: boolean;
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
  /** Steps that the start of a container of the service waits for. */
  gate(service: ServiceConfig): readonly NodeId[];
}

export function emitService(decision: ServiceDecision, context: StepContext): void {
  const { service } = decision;
  const isDisruptive = decision.replicas.some((replica) => replica.action === 'recreate');
  const steps: ServiceSteps = {
    containers: [],
    starts: [],
    stops: [],
    isStopFirst: isDisruptive && mustStopFirst(decision, context),
  };
  context.steps.set(service.name, steps);
  const freed = decision.removals.map((removal) => ({ removal, node: emitRemoval(removal, context) }));
  const emission: Emission = {
    ...context,
    service,
    current: steps,
    material: [
      ...materialOf(service, context),
      ...freed.filter(({ removal }) => removal.cause.reason === 'leftover').map(({ node }) => node),
    ],
    gated: context.options.noStart ? [] : context.gate(service),
  };
  for (const replica of decision.replicas) emitReplica(replica, emission);
}

interface Emission extends StepContext {
  readonly service: ServiceConfig;
  readonly current: ServiceSteps;
  /** What must exist before a container of the service is made. */
  readonly material: readonly NodeId[];
  readonly gated: readonly NodeId[];
}

export function emitRemoval({ container, cause }: Removal, context: StepContext): NodeId {
  const { builder, options } = context;
  const after = isActive(container)
    ? [builder.add({ operation: stopOperation(container, options), cause })]
    : [];
  const node = builder.add({
    operation: { kind: 'remove-container', container: refTo(container), anonymousVolumes: false },
    cause,
    after,
  });
  context.removed.set(container.id, node);
  return node;
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
  emission.current.starts.push(emission.builder.add({ operation, cause, after: emission.gated }));
}

function emitCreate(replica: ReplicaDecision & { action: 'create' }, emission: Emission): void {
  const { builder, current, options } = emission;
  const { cause, name, number } = replica;
  const operation = createOperation(emission, number, name);
  const created = builder.add({ operation, cause, after: emission.material });
  current.source ??= current.containers.length === 0 ? created : undefined;
  const container = { node: created, name };
  current.containers.push(container);
  if (options.noStart) return;
  const after = [created, ...emission.gated];
  current.starts.push(builder.add({ operation: { kind: 'start-container', container }, cause, after }));
}

function emitRecreate(replica: ReplicaDecision & { action: 'recreate' }, emission: Emission): void {
  const { builder, current, options, service } = emission;
  const { cause, container: old, replacement } = replica;
  const group = `Recreate ${service.name}-${old.number}`;
  const name = containerName(emission.model, service, old.number, options.separator);
  const isEarly = current.isStopFirst || sharesReplacedNamespace(service, emission);
  const create = (after: readonly NodeId[]): NodeId => {
    const operation = { ...createOperation(emission, old.number, name), replaces: refTo(old) };
    return builder.add({ operation, cause, after: [...emission.material, ...after], group });
  };

  const before = current.isStopFirst || replacement ? [] : [create([])];
  const stopAfter = isEarly ? before : [...before, ...emission.gated];
  const stop = isActive(old)
    ? [builder.add({ operation: stopOperation(old, options), cause, after: stopAfter, group })]
    : [];
  current.stops.push(...stop);
  const removed = builder.add({
    operation: { kind: 'remove-container', container: refTo(old), anonymousVolumes: false },
    cause,
    after: [...before, ...stop],
    group,
  });
  emission.removed.set(old.id, removed);
  stopBeforeSources(service, stop, emission);

  const created = replacement ? undefined : (before[0] ?? create([removed]));
  if (current.containers.length === 0 && created !== undefined) current.source = created;
  const container = replacement ? refTo(replacement) : { node: created ?? 0, name };
  current.containers.push(container);
  if (options.noStart) return;
  const after = [removed, ...(created === undefined ? [] : [created]), ...emission.gated];
  current.starts.push(
    builder.add({ operation: { kind: 'start-container', container }, cause, after, group }),
  );
}

/** A container that shares a namespace stops before the one whose namespace it is. */
function stopBeforeSources(service: ServiceConfig, stop: readonly NodeId[], emission: Emission): void {
  for (const source of namespaceSources(service)) {
    for (const id of emission.steps.get(source)?.stops ?? []) emission.builder.addDependencies(id, stop);
  }
}

function sharesReplacedNamespace(service: ServiceConfig, emission: Emission): boolean {
  return namespaceSources(service).some((source) => (emission.steps.get(source)?.stops.length ?? 0) > 0);
}

/**
 * Two containers cannot hold one fixed address, a network that is replaced must be left by all before, and a container
 * cannot be made in a namespace whose owner is made after its predecessor is gone.
 */
function mustStopFirst({ service, replicas }: ServiceDecision, context: StepContext): boolean {
  const hasFixedAddress = Object.values(service.networks ?? {}).some(
    (network) => network?.ipv4_address !== undefined || network?.ipv6_address !== undefined,
  );
  const replaced = [...context.resources.networks.values()].flatMap((decision) =>
    decision.action === 'replace' ? decision.old.members : [],
  );
  return (
    hasFixedAddress ||
    replicas.some((replica) => replica.action === 'recreate' && replaced.includes(replica.container.id)) ||
    networkKeys(service).some((key) => context.resources.networks.get(key)?.action === 'replace') ||
    namespaceSources(service).some((source) => context.steps.get(source)?.isStopFirst)
  );
}

function materialOf(service: ServiceConfig, context: StepContext): NodeId[] {
  const found = [
    ...networkKeys(service).map((key) => context.networkSteps.get(key)),
    ...volumeKeys(service).map((key) => context.volumeSteps.get(key)),
    ...containerSources(service).map((source) => context.steps.get(source)?.source),
  ];
  return found.filter((id) => id !== undefined);
}

function createOperation({ model, options, service }: Emission, number: number, name: string) {
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

function stopOperation(container: ObservedContainer, options: UpOptions): Operation {
  return { kind: 'stop-container', container: refTo(container), ...grace(options) };
}

function grace(options: UpOptions): { timeout?: number } {
  return options.timeout === undefined ? {} : { timeout: options.timeout };
}

export function refTo(container: ObservedContainer): { id: string; name: string } {
  return { id: container.id, name: container.name };
}
