// Which services cannot wait with stopping their old containers. A container normally serves until its successor exists
// and what that depends on is ready. Two kinds of container may not:
//
// - Stop-first: the successor cannot exist beside it. It is stopped and removed before the successor is made.
// - Early: another container whose namespaces it is in stops, and it must not outlive that one.
//
// What stops early waits for nothing that could in turn wait for it to be gone.

import type { ServiceConfig } from '../project/service-config.ts';
import { reachable } from './dependency-map.ts';
import type { ObservedContainer } from './observed-state.ts';
import type { NodeId } from './operation.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { ServiceDecision } from './replica-decision.ts';
import { networkKeys, type ResourceDecisions, volumeKeys } from './resource-decision.ts';
import { isActive } from './selection.ts';
import { namespaceSources } from './service-graph.ts';

export interface StopClasses {
  /** Names of services. Stop-first ones are early, too. */
  readonly first: ReadonlySet<string>;
  readonly early: ReadonlySet<string>;
}

export interface StopClassContext {
  readonly resources: ResourceDecisions;
  /** Containers that have what others need before those can be made. */
  readonly contested: ReadonlySet<ObservedContainer>;
}

export function classifyStops(
  decided: ReadonlyMap<string, ServiceDecision>,
  context: StopClassContext,
): StopClasses {
  const recreating = [...decided.values()].filter((decision) => recreated(decision).length > 0);
  const first = new Set(
    recreating.filter((decision) => cannotCoexist(decision, context)).map(({ service }) => service.name),
  );
  // Nobody's successor can wait for what has to wait for them: a source that goes before others are made.
  const giving = new Set([...context.contested].map((container) => container.service));
  for (let size = -1; size !== first.size; ) {
    size = first.size;
    for (const decision of recreating) {
      const isBound = sourcesOf(decision).some((source) => first.has(source) || giving.has(source));
      if (isBound) first.add(decision.service.name);
    }
  }
  const stopping = new Set(
    [...decided.values()].filter((decision) => stops(decision)).map(({ service }) => service.name),
  );
  const sharing = recreating.filter((decision) => sourcesOf(decision).some((source) => stopping.has(source)));
  return { first, early: new Set([...first, ...sharing.map(({ service }) => service.name)]) };
}

function recreated({ replicas }: ServiceDecision): ObservedContainer[] {
  return replicas.flatMap((replica) => (replica.action === 'recreate' ? [replica.container] : []));
}

function stops(decision: ServiceDecision): boolean {
  return [...recreated(decision), ...decision.removals.map((removal) => removal.container)].some(isActive);
}

/** Whose namespaces the containers are in, and will be. */
function sourcesOf(decision: ServiceDecision): string[] {
  return [decision.service, ...recreated(decision).map(({ recorded }) => recorded)].flatMap(namespaceSources);
}

/**
 * Two containers cannot hold one fixed address; what another service needs has to be given up; and a network or
 * volume that is replaced must be left by all before its successor is there.
 */
function cannotCoexist(decision: ServiceDecision, { contested, resources }: StopClassContext): boolean {
  const old = recreated(decision);
  const replaced = [...resources.networks.values()].flatMap((network) =>
    network.action === 'replace' ? network.old.members : [],
  );
  return (
    hasFixedAddress(decision.service) ||
    old.some((container) => replaced.includes(container.id) || contested.has(container)) ||
    networkKeys(decision.service).some((key) => resources.networks.get(key)?.action === 'replace') ||
    volumeKeys(decision.service).some((key) => resources.volumes.get(key)?.action === 'replace')
  );
}

function hasFixedAddress({ networks = {} }: ServiceConfig): boolean {
  return Object.values(networks).some(
    (network) => network?.ipv4_address !== undefined || network?.ipv6_address !== undefined,
  );
}

/** If it was not recorded which replica is shared, it may be any. */
function isShared({ inputs, recorded }: ObservedContainer, source: ObservedContainer): boolean {
  const id = inputs.sources?.[source.service] ?? source.id;
  return id === source.id && namespaceSources(recorded).includes(source.service);
}

/** A container that shares a namespace stops before the one whose namespace it is. */
export function orderSharers(stopped: ReadonlyMap<ObservedContainer, NodeId>, builder: PlanBuilder): void {
  const sources = new Map<string, Record<string, true>>();
  for (const { recorded, service } of stopped.keys()) {
    const named = namespaceSources(recorded).map((name) => [name, true] as const);
    sources.set(service, { ...sources.get(service), ...Object.fromEntries(named) });
  }
  const sharers = [...stopped].filter(([{ recorded }]) => namespaceSources(recorded).length > 0);
  for (const [sharer, stop] of sharers) {
    for (const [source, sourceStop] of stopped) {
      if (!isShared(sharer, source)) continue;
      // Records of different generations may contradict each other: then neither waits.
      const isMutual = reachable(source.service, sources).has(sharer.service);
      if (!isMutual) builder.addDependencies(sourceStop, [stop]);
    }
  }
}
