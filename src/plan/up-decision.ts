// What `up` will do with everything, before it is steps.

import { TcError } from '../base/error.ts';
import type { Warning } from '../base/warning.ts';
import type { ProjectModel } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import { checkConditions, findJobs } from './condition.ts';
import type { DesiredInputs, ObservedState } from './observed-state.ts';
import {
  type DecisionContext,
  decideAffected,
  decideService,
  type ServiceDecision,
} from './replica-decision.ts';
import { decideResources } from './resource-decision.ts';
import { findRolling } from './roll.ts';
import { isActive, isWhole, replicasByService, type Selection, selectServices } from './selection.ts';
import { containerSources, orderServices } from './service-graph.ts';
import type { UpOptions } from './up-options.ts';

export interface UpDecisions extends DecisionContext {
  /** Services that are to end. */
  readonly jobs: ReadonlySet<string>;
  /** Of all services, those depended on first. */
  readonly order: readonly string[];
  readonly warnings: readonly Warning[];
}

/** What a command is about, where that is not to be told from its options. */
export interface UpScope {
  readonly selection: Selection;
  /** To be run beside the services that are selected. */
  readonly oneOff: ServiceConfig;
}

export function decideUp(
  model: ProjectModel,
  inputs: DesiredInputs,
  state: ObservedState,
  options: UpOptions,
  scope?: UpScope,
): UpDecisions {
  const selection = scope?.selection ?? selectServices(model, options);
  const extra = scope === undefined ? [] : [scope.oneOff];
  // The loader leaves out of `services` what the command does not name: what runs of it may be affected all the same.
  const known = { ...model.disabledServices, ...model.services };
  const order = orderServices(known, model.positions);
  const existing = replicasByService(state);
  const shared = new Set(Object.values(known).flatMap(containerSources));
  const jobs = findJobs(model);
  const rolling = findRolling(Object.values(known), { jobs, options, shared });
  // Containers outside the selection may have to be made anew, which needs their networks and volumes, too; replacing
  // one of those may reach yet others.
  for (let reached: ReadonlySet<string> = selection.selected; ; ) {
    const reachedServices = order
      .filter((name) => reached.has(name))
      .flatMap((name) => model.services[name] ?? []);
    const services = [...reachedServices, ...extra];
    const resources = decideResources(model, state, services, options);
    const decided = new Map<string, ServiceDecision>();
    const context = {
      model,
      inputs,
      options,
      selection,
      resources,
      shared,
      jobs,
      rolling,
      existing,
      decided,
    };
    for (const name of order) decide(known[name], context, decided);
    const recreated = [...decided.values()].filter(isRecreating).map(({ service }) => service.name);
    const wider = new Set([...reached, ...recreated]);
    if (wider.size > reached.size) {
      reached = wider;
      continue;
    }
    for (const { replicas, service } of decided.values()) {
      if (replicas.length > 0) checkSources(service, context);
    }
    for (const service of extra) checkSources(service, context);
    const warnings = [...decided.values()].flatMap((decision) => decision.warnings);
    return {
      ...context,
      order,
      warnings: [...checkConditions(context, extra), ...resources.warnings, ...warnings],
    };
  }
}

function isRecreating({ replicas }: ServiceDecision): boolean {
  return replicas.some((replica) => replica.action === 'recreate');
}

function decide(
  service: ServiceConfig | undefined,
  context: DecisionContext,
  decided: Map<string, ServiceDecision>,
): void {
  if (service === undefined || service.provider !== undefined) return;
  const decision = context.selection.selected.has(service.name)
    ? decideService(service, context)
    : decideUnselected(service, context);
  if (decision) decided.set(service.name, decision);
}

function decideUnselected(service: ServiceConfig, context: DecisionContext): ServiceDecision | undefined {
  const { noDeps, noRecreate } = context.options;
  return noDeps || noRecreate ? undefined : decideAffected(service, context);
}

/** A container that shares another one's namespace or volumes needs that one to be there, and running to be started. */
function checkSources(service: ServiceConfig, context: DecisionContext): void {
  const isUsable = context.options.noStart ? isWhole : isActive;
  for (const source of containerSources(service)) {
    const planned = context.decided.get(source)?.replicas;
    const usable = planned ?? (context.existing.get(source) ?? []).filter(isUsable);
    if (usable.length > 0) continue;
    const position = context.model.positions.at(['services', service.name]);
    throw new TcError(
      `service "${service.name}" shares what "${source}" has, but "${source}" has no container`,
      {
        code: 'shared-container-missing',
        hints: [`start ${source} as well, with at least one replica`],
        ...(position === undefined ? {} : { source: position }),
      },
    );
  }
}
