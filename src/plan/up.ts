// `up`: from what is wanted and what there is to the steps between them. Networks, volumes, containers, orphans.

import { TcError } from '../base/error.ts';
import type { ProjectModel } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import { checkConditions, emitWaits, gateOf } from './condition.ts';
import type { DesiredInputs, ObservedState } from './observed-state.ts';
import type { NodeId, Plan } from './operation.ts';
import { explainOrphans, findOrphans } from './orphan.ts';
import { PlanBuilder } from './plan-builder.ts';
import {
  type DecisionContext,
  decideAffected,
  decideService,
  type ServiceDecision,
} from './replica-decision.ts';
import { decideResources, type ResourceDecisions } from './resource-decision.ts';
import { replicasByService, selectServices } from './selection.ts';
import { containerSources, orderServices } from './service-graph.ts';
import type { UpOptions } from './up-options.ts';
import { emitRemoval, emitService, type StepContext } from './up-steps.ts';

export type { UpOptions } from './up-options.ts';

/** Pure and total: fails with TcError before any step if the model cannot be had. */
export function planUp(
  model: ProjectModel,
  inputs: DesiredInputs,
  state: ObservedState,
  options: UpOptions,
): Plan {
  const builder = new PlanBuilder();
  const selection = selectServices(model, options);
  const order = orderServices(model.services, model.positions);
  const selected = order
    .filter((name) => selection.selected.has(name))
    .flatMap((name) => model.services[name] ?? []);
  const resources = decideResources(model, state, selected, !options.noRecreate);
  const decided = new Map<string, ServiceDecision>();
  const existing = replicasByService(state);
  const context = { model, inputs, options, selection, resources, existing, decided, builder };
  checkConditions(context);
  for (const name of order) decide(name, context, decided);
  emit(context, state);
  return builder.finish(model.name);
}

/** `create` is `up` that starts nothing. */
export function planCreate(
  model: ProjectModel,
  inputs: DesiredInputs,
  state: ObservedState,
  options: UpOptions,
): Plan {
  return planUp(model, inputs, state, { ...options, noStart: true });
}

type UpContext = DecisionContext & { readonly builder: PlanBuilder };

function decide(name: string, context: UpContext, decided: Map<string, ServiceDecision>): void {
  const service = context.model.services[name];
  if (service === undefined || service.provider !== undefined) return;
  const decision = context.selection.selected.has(name)
    ? decideService(service, context)
    : decideUnselected(service, context);
  if (decision) decided.set(name, decision);
}

function decideUnselected(service: ServiceConfig, context: UpContext): ServiceDecision | undefined {
  const { noDeps, noRecreate } = context.options;
  return noDeps || noRecreate ? undefined : decideAffected(service, context);
}

function emit(context: UpContext, state: ObservedState): void {
  const { builder, decided, model, options, resources } = context;
  for (const warning of resources.warnings) builder.warn(warning);
  const networks = emitNetworks(resources, builder);
  const steps: StepContext = {
    model,
    options,
    builder,
    resources,
    networkSteps: networks.created,
    volumeSteps: emitVolumes(resources, builder),
    steps: new Map(),
    removed: new Map(),
    gate: (service) => gateOf(service, decided, { ...context, steps: steps.steps }),
  };
  for (const decision of decided.values()) {
    checkSources(decision, context);
    for (const warning of decision.warnings) builder.warn(warning);
    emitService(decision, steps);
  }
  if (options.wait && !options.noStart) emitWaits(decided, { ...context, steps: steps.steps });
  const orphans = findOrphans(model, state);
  if (options.removeOrphans) {
    for (const container of orphans) emitRemoval({ container, cause: { reason: 'orphan' } }, steps);
  }
  for (const warning of explainOrphans(model, orphans, options)) builder.warn(warning);
  finishNetworks(networks, steps, state);
}

interface NetworkSteps {
  readonly created: ReadonlyMap<string, NodeId>;
  /** Old networks that have to go before their successor is made. */
  readonly replaced: readonly { readonly key: string; readonly node: NodeId }[];
}

function emitNetworks(resources: ResourceDecisions, builder: PlanBuilder): NetworkSteps {
  const created = new Map<string, NodeId>();
  const replaced: { key: string; node: NodeId }[] = [];
  for (const [key, decision] of resources.networks) {
    if (decision.action === 'use') continue;
    const operation = { kind: 'create-network', key, config: decision.config } as const;
    if (decision.action === 'create') {
      created.set(key, builder.add({ operation, cause: { reason: 'missing' } }));
      continue;
    }
    const cause = { reason: 'changed', changes: decision.changes } as const;
    const { id, name } = decision.old;
    const node = builder.add({ operation: { kind: 'remove-network', id, name }, cause });
    replaced.push({ key, node });
    created.set(key, builder.add({ operation, cause, after: [node] }));
  }
  return { created, replaced };
}

function emitVolumes(resources: ResourceDecisions, builder: PlanBuilder): Map<string, NodeId> {
  const created = new Map<string, NodeId>();
  for (const [key, decision] of resources.volumes) {
    if (decision.action === 'use') continue;
    const operation = { kind: 'create-volume', key, config: decision.config } as const;
    created.set(key, builder.add({ operation, cause: { reason: 'missing' } }));
  }
  return created;
}

/** A network goes when its members are gone; one that merely lost its name only if nobody is left in it. */
function finishNetworks(networks: NetworkSteps, steps: StepContext, state: ObservedState): void {
  const { builder, removed, resources } = steps;
  for (const { key, node } of networks.replaced) {
    const decision = resources.networks.get(key);
    if (decision?.action !== 'replace') continue;
    for (const id of decision.old.members) {
      const gone = removed.get(id);
      if (gone === undefined) throw networkInUse(decision.old.name, id, key, steps, state);
      builder.addDependencies(node, [gone]);
    }
  }
  for (const decision of resources.networks.values()) {
    if (decision.action !== 'create' || decision.renamed === undefined) continue;
    const { id, members, name } = decision.renamed;
    const after = members.map((member) => removed.get(member));
    if (after.some((gone) => gone === undefined)) continue;
    builder.add({
      operation: { kind: 'remove-network', id, name },
      cause: { reason: 'unused' },
      after: after.filter((gone) => gone !== undefined),
    });
  }
}

function networkInUse(
  name: string,
  member: string,
  key: string,
  steps: StepContext,
  state: ObservedState,
): TcError {
  const holder = state.containers.find((container) => container.id === member);
  const source = steps.model.positions.at(['networks', key]);
  return new TcError(
    `network ${name} changed and has to be made anew, but ${holder?.name ?? `container ${member}`} is in it`,
    {
      code: 'network-in-use',
      hints: [
        holder === undefined
          ? 'stop and remove that container first; it is not part of this project'
          : `remove it first, or include its service in the command${holder.oneOff ? '' : '; --remove-orphans removes orphans'}`,
      ],
      ...(source === undefined ? {} : { source }),
    },
  );
}

/** A container that shares another one's namespace or volumes needs that one to be there. */
function checkSources({ replicas, service }: ServiceDecision, context: UpContext): void {
  if (!replicas.some((replica) => replica.action === 'create' || replica.action === 'recreate')) return;
  for (const source of containerSources(service)) {
    const planned = context.decided.get(source);
    const count = planned ? planned.replicas.length : (context.existing.get(source)?.length ?? 0);
    if (count > 0) continue;
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
