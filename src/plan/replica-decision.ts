// What becomes of each container of a service: the decisions of `up`, before they are steps.

import { bug } from '../base/error.ts';
import type { Warning } from '../base/warning.ts';
import type { ProjectModel } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import { explainDifference } from './container-change.ts';
import { compareInstants, isSince } from './instant.ts';
import type { DesiredInputs, ObservedContainer } from './observed-state.ts';
import type { Cause } from './operation.ts';
import type { ResourceDecisions } from './resource-decision.ts';
import { containerName, desiredScale, isActive, type Selection } from './selection.ts';
import { containerSources, dependenciesOf } from './service-graph.ts';
import { dropSuperseded, leftover, type Removal, sortOut } from './succession.ts';
import type { UpOptions } from './up-options.ts';

export type ReplicaDecision =
  | { readonly action: 'keep'; readonly container: ObservedContainer }
  | { readonly action: 'start' | 'restart'; readonly container: ObservedContainer; readonly cause: Cause }
  | {
      readonly action: 'recreate';
      readonly container: ObservedContainer;
      readonly cause: Cause;
      /** Already made by a command that did not come to its end; of a service that is rolled it may run. */
      readonly replacement?: ObservedContainer;
    }
  | { readonly action: 'create'; readonly number: number; readonly name: string; readonly cause: Cause };

export interface ServiceDecision {
  readonly service: ServiceConfig;
  readonly replicas: readonly ReplicaDecision[];
  readonly removals: readonly Removal[];
  readonly warnings: readonly Warning[];
}

export interface DecisionContext {
  readonly model: ProjectModel;
  readonly inputs: DesiredInputs;
  readonly options: UpOptions;
  readonly selection: Selection;
  readonly resources: ResourceDecisions;
  /** Services of which others share a container. */
  readonly shared: ReadonlySet<string>;
  /** Services that keep the predecessors of their replicas until all of these hold: see roll.ts. */
  readonly rolling: ReadonlySet<string>;
  readonly existing: ReadonlyMap<string, readonly ObservedContainer[]>;
  /** Of the services that come before in dependency order. */
  readonly decided: ReadonlyMap<string, ServiceDecision>;
}

/** For a service that the command is about: as many replicas as wanted, all of them as the model says. */
export function decideService(service: ServiceConfig, context: DecisionContext): ServiceDecision {
  const own = context.existing.get(service.name) ?? [];
  const { usable, unfinished, leftovers } = sortOut(own, {
    isRolling: context.rolling.has(service.name),
    isGood: (container) => !context.options.noRecreate && !explainRecreate(container, service, context),
  });
  const wanted = desiredScale(service, context.options);
  const obsolete = new Map<string, Cause>();
  for (const container of usable) {
    const cause = explainRecreate(container, service, context);
    if (cause) obsolete.set(container.id, cause);
  }
  // Others live in the lowest replica: it is recreated rather than given up.
  const isExpendable = ({ id }: ObservedContainer) => !context.shared.has(service.name) && obsolete.has(id);
  const { kept, excess } = chooseReplicas(usable, wanted, isExpendable);
  const scaled: Cause = { reason: 'scale', from: usable.length, to: wanted };
  const warnings: Warning[] = [];
  const replicas = kept.map((container): ReplicaDecision => {
    const replacement = unfinished.get(container.id);
    const cause = replacement ? interrupted : obsolete.get(container.id);
    if (cause === undefined) return decideKept(container, service, context, warnings);
    return { action: 'recreate', container, cause, ...(replacement && { replacement }) };
  });
  const last = Math.max(0, ...usable.map((container) => container.number));
  for (let number = last + 1; replicas.length < wanted; number += 1) {
    const name = containerName(context.model, service, number, context.options.separator);
    const cause: Cause = usable.length === 0 ? { reason: 'missing' } : scaled;
    replicas.push({ action: 'create', number, name, cause });
  }
  const unfinishedExcess = excess.flatMap((container) => unfinished.get(container.id) ?? []);
  return {
    service,
    replicas,
    removals: [
      ...leftovers,
      ...unfinishedExcess.map((container) => ({ container, cause: leftover(container) })),
      ...excess.map((container) => ({ container, cause: scaled })),
    ],
    warnings,
  };
}

/**
 * For a service that the command is not about, but whose containers share what is being replaced or ask to be restarted
 * with it. Its scale stays. Undefined: nothing to do.
 */
export function decideAffected(
  service: ServiceConfig,
  context: DecisionContext,
): ServiceDecision | undefined {
  const { kept: own, superseded } = dropSuperseded(
    (context.existing.get(service.name) ?? []).filter(isActive),
  );
  const warnings: Warning[] = [];
  const replicas = own.map((container): ReplicaDecision => {
    // What the files no longer say may still be so.
    const sources = [...containerSources(service), ...containerSources(container.recorded)];
    const decided = sources.filter((name) => context.decided.has(name));
    const cause = explainSharing(container, decided, context) ?? explainLostNetwork(container, context);
    if (cause === undefined) {
      const restart = explainRestart(container, service, context);
      return restart ? { action: 'restart', container, cause: restart } : { action: 'keep', container };
    }
    if (context.inputs.services[service.name]) return { action: 'recreate', container, cause };
    warnings.push({
      code: 'dependent-left-behind',
      message: `${container.name} shares what is being replaced, and is not part of this command`,
      hint: `run \`up ${service.name}\` to have it follow`,
    });
    return { action: 'keep', container };
  });
  const isUntouched = replicas.every((replica) => replica.action === 'keep') && warnings.length === 0;
  const removals = superseded.map((container): Removal => ({ container, cause: { reason: 'replaced' } }));
  return isUntouched ? undefined : { service, replicas, removals, warnings };
}

const interrupted: Cause = { reason: 'leftover', what: 'an interrupted recreate' };

/** Expendable ones go first, then the highest numbers, so that numbers do not drift. */
function chooseReplicas(
  usable: readonly ObservedContainer[],
  wanted: number,
  isExpendable: (container: ObservedContainer) => boolean,
): { kept: ObservedContainer[]; excess: ObservedContainer[] } {
  const byWorth = usable.toSorted(
    (a, b) => Number(isExpendable(a)) - Number(isExpendable(b)) || a.number - b.number,
  );
  const byNumber = (a: ObservedContainer, b: ObservedContainer) => a.number - b.number;
  return { kept: byWorth.slice(0, wanted).sort(byNumber), excess: byWorth.slice(wanted).sort(byNumber) };
}

function explainRecreate(
  container: ObservedContainer,
  service: ServiceConfig,
  context: DecisionContext,
): Cause | undefined {
  const { model, options, resources, selection } = context;
  if (container.state === 'dead') return leftover(container);
  if (options.noRecreate) return undefined;
  const isForced = selection.named.has(service.name) ? options.forceRecreate : options.alwaysRecreateDeps;
  if (isForced && !isSince(container.createdAt, options.since)) return { reason: 'forced' };
  const inputs = context.inputs.services[service.name];
  if (inputs === undefined) throw bug(`no inputs were resolved for service ${service.name}`);
  return (
    explainDifference(container, { model, service, inputs, resources }) ??
    explainSharing(container, containerSources(service), context)
  );
}

/** A container holds the namespaces and volumes of the very container that it was created with. */
function explainSharing(
  container: ObservedContainer,
  sources: readonly string[],
  context: DecisionContext,
): Cause | undefined {
  const of = sources.find((name) => {
    const replicas = context.decided.get(name)?.replicas;
    if (replicas?.[0]?.action === 'recreate' || replicas?.[0]?.action === 'create') return true;
    const staying = replicas ? replicas.flatMap(stayingContainer) : (context.existing.get(name) ?? []);
    if (staying.length === 0) return replicas !== undefined;
    return !sharesOneOf(container, name, staying);
  });
  return of === undefined ? undefined : { reason: 'dependency', of };
}

function stayingContainer(replica: ReplicaDecision): ObservedContainer[] {
  return replica.action === 'recreate' || replica.action === 'create' ? [] : [replica.container];
}

/** Without a record of the source it was the lowest replica, unless that is younger. */
function sharesOneOf(
  { createdAt, inputs }: ObservedContainer,
  name: string,
  staying: readonly ObservedContainer[],
): boolean {
  const id = inputs.sources?.[name];
  if (id !== undefined) return staying.some((source) => source.id === id);
  return compareInstants(staying[0]?.createdAt, createdAt) <= 0;
}

/** A network cannot be replaced while a container is in it. */
function explainLostNetwork(container: ObservedContainer, context: DecisionContext): Cause | undefined {
  for (const decision of context.resources.networks.values()) {
    if (decision.action === 'replace' && decision.old.members.includes(container.id)) {
      return { reason: 'changed', changes: decision.changes };
    }
  }
  return undefined;
}

/** `restart: true` on a dependency that this plan, or a command that was interrupted, recreated or restarted. */
function explainRestart(
  container: ObservedContainer,
  service: ServiceConfig,
  context: DecisionContext,
): Cause | undefined {
  for (const [of, { restart }] of Object.entries(dependenciesOf(service))) {
    const replaced = (context.decided.get(of)?.replicas ?? []).some((replica) => {
      if (replica.action === 'recreate' || replica.action === 'restart') return true;
      if (replica.action === 'create' || replica.container.replaces === undefined) return false;
      return compareInstants(replica.container.createdAt, container.startedAt) > 0;
    });
    if (restart && replaced) return { reason: 'dependency', of };
  }
  return undefined;
}

function decideKept(
  container: ObservedContainer,
  service: ServiceConfig,
  context: DecisionContext,
  warnings: Warning[],
): ReplicaDecision {
  const { options } = context;
  if (options.noStart || container.state === 'restarting') return { action: 'keep', container };
  if (container.state === 'paused') {
    warnings.push({
      code: 'container-paused',
      message: `${container.name} is paused and stays so`,
      hint: 'run `unpause` to let it go on',
    });
    return { action: 'keep', container };
  }
  if (container.state === 'running') {
    const cause = explainRestart(container, service, context);
    return cause ? { action: 'restart', container, cause } : { action: 'keep', container };
  }
  const isDone = service.tcompose?.once === true && container.state === 'exited' && container.exitCode === 0;
  const endedJustNow = container.state === 'exited' && isSince(container.startedAt, options.since);
  if (isDone || endedJustNow) return { action: 'keep', container };
  return { action: 'start', container, cause: { reason: 'not-running', state: container.state } };
}
