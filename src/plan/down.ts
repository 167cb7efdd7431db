// `down`: everything of the project goes, dependents before what they depend on, as much at once as that allows.

import type { Nanoseconds, ProjectModel } from '../project/model.ts';
import { removeImages, type StoredImage } from './down-images.ts';
import type { ObservedContainer, ObservedNetwork, ObservedState, ObservedVolume } from './observed-state.ts';
import type { Cause, NodeId, Plan } from './operation.ts';
import { PlanBuilder } from './plan-builder.ts';
import { isHookContainer } from './pre-start.ts';
import { emitLeaving } from './provider.ts';
import { checkKnown, isActive, knows } from './selection.ts';
import { emitStops } from './stop-order.ts';

export interface DownOptions {
  /** Named and anonymous volumes of the project go too; never external ones. */
  readonly volumes?: boolean;
  readonly removeOrphans?: boolean;
  readonly timeout?: Nanoseconds;
  /** Only these; networks and named volumes stay as long as others use them. Default: all. */
  readonly services?: readonly string[];
  /** These go too, unless other containers use them. */
  readonly images?: readonly StoredImage[];
}

const cause: Cause = { reason: 'requested', verb: 'down' };

/** Without a model (no Compose file at hand) everything that bears the project's label goes. */
export function planDown(model: ProjectModel | undefined, state: ObservedState, options: DownOptions): Plan {
  if (model) checkKnown(model, options.services ?? []);
  const builder = new PlanBuilder();
  const leaving = state.containers.filter((container) => isLeaving(container, model, options));
  const stops = emitStops(leaving.filter(isActive), {
    model,
    builder,
    cause: causeOf(model),
    timeout: options.timeout,
  });
  const removed = new Map<string, NodeId>();
  for (const container of leaving) {
    const stop = stops.get(container.id);
    const operation = {
      kind: 'remove-container',
      container: { id: container.id, name: container.name },
      anonymousVolumes: options.volumes ?? false,
    } as const;
    const after = stop === undefined ? [] : [stop];
    removed.set(container.id, builder.add({ operation, cause: causeOf(model)(container), after }));
  }
  emitLeaving('down', {
    ...{ model, builder, cause },
    ...(options.services === undefined ? {} : { services: options.services }),
    stepsOf: (service) =>
      leaving.flatMap(({ id, service: of }) => (of === service ? (removed.get(id) ?? []) : [])),
  });
  const context = { builder, removed, state, options };
  for (const network of ownNetworks(model, state)) removeNetwork(network, context);
  if (options.volumes) for (const volume of ownVolumes(model, state)) removeVolume(volume, context);
  removeImages(options.images ?? [], { builder, cause, removed, containers: leaving });
  return builder.finish(state.project);
}

function causeOf(model: ProjectModel | undefined): (container: ObservedContainer) => Cause {
  const isKnown = model ? knows(model) : () => true;
  return (container) => (isKnown(container.service) ? cause : { reason: 'orphan' });
}

/** One-offs are jobs that somebody runs beside the project; they go only when asked for. */
function isLeaving(
  container: ObservedContainer,
  model: ProjectModel | undefined,
  options: DownOptions,
): boolean {
  const { removeOrphans, services = [] } = options;
  if (services.length > 0 && !services.includes(container.service)) return false;
  if (removeOrphans || container.state === 'creating' || container.state === 'removing') return true;
  return (
    (!container.oneOff || isHookContainer(container)) &&
    (model === undefined || knows(model)(container.service))
  );
}

interface DownContext {
  readonly builder: PlanBuilder;
  readonly removed: ReadonlyMap<string, NodeId>;
  readonly state: ObservedState;
  readonly options: DownOptions;
}

function ownNetworks(model: ProjectModel | undefined, state: ObservedState): ObservedNetwork[] {
  const external = externalNames(model?.networks);
  return state.networks
    .filter((network) => isOwn(network, state) && !external.has(network.name))
    .toSorted(byName);
}

function ownVolumes(model: ProjectModel | undefined, state: ObservedState): ObservedVolume[] {
  const external = externalNames(model?.volumes);
  return state.volumes
    .filter((volume) => isOwn(volume, state) && !external.has(volume.name))
    .toSorted(byName);
}

function isOwn(resource: { readonly project?: string }, state: ObservedState): boolean {
  return resource.project === undefined || resource.project === state.project;
}

function externalNames(
  section: Readonly<Record<string, { readonly name: string; readonly external?: boolean }>> | undefined,
): Set<string> {
  return new Set(
    Object.values(section ?? {})
      .filter((resource) => resource.external)
      .map((resource) => resource.name),
  );
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}

function removeNetwork(network: ObservedNetwork, context: DownContext): void {
  const { builder, removed } = context;
  const left = network.members.filter((id) => !removed.has(id));
  if (left.length > 0) keep('network', network.name, left, context);
  if (left.length > 0 || (isPartial(context.options) && network.members.length === 0)) return;
  const operation = { kind: 'remove-network', id: network.id, name: network.name } as const;
  builder.add({ operation, cause, after: nodesOf(network.members, removed) });
}

function removeVolume(volume: ObservedVolume, context: DownContext): void {
  const { builder, removed } = context;
  const left = volume.usedBy.filter((id) => !removed.has(id));
  if (left.length > 0 && !volume.anonymous) keep('volume', volume.name, left, context);
  // An anonymous volume that is in use goes with its container.
  const isNotMeant = volume.usedBy.length === 0 ? isPartial(context.options) : volume.anonymous;
  if (left.length > 0 || isNotMeant) return;
  const operation = { kind: 'remove-volume', name: volume.name } as const;
  builder.add({ operation, cause, after: nodesOf(volume.usedBy, removed) });
}

function isPartial(options: DownOptions): boolean {
  return (options.services ?? []).length > 0;
}

function nodesOf(ids: readonly string[], removed: ReadonlyMap<string, NodeId>): NodeId[] {
  return ids.flatMap((id) => removed.get(id) ?? []);
}

/** With services named, what others use is simply theirs. */
function keep(
  kind: 'network' | 'volume',
  name: string,
  users: readonly string[],
  context: DownContext,
): void {
  if (isPartial(context.options)) return;
  const names = users.map((id) => context.state.containers.find((c) => c.id === id)?.name ?? id);
  context.builder.warn({
    code: `${kind}-in-use`,
    message: `${kind} ${name} stays: it is in use by ${names.join(', ')}`,
    hint: 'remove these containers first; --remove-orphans removes what the files do not have',
  });
}
