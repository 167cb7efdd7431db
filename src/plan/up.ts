// `up`: from what is wanted and what there is to the steps between them. Networks, volumes, containers, orphans.

import type { ProjectModel } from '../project/model.ts';
import { type Claimant, findRivals, indexClaims, settleClaims } from './claim.ts';
import { emitWaits, gateOf } from './condition.ts';
import type { DesiredInputs, ObservedContainer, ObservedState } from './observed-state.ts';
import { emitOneOff, type OneOff } from './one-off-steps.ts';
import type { Plan } from './operation.ts';
import { explainOrphans, findOrphans } from './orphan.ts';
import { PlanBuilder } from './plan-builder.ts';
import { isHookContainer } from './pre-start.ts';
import { emitProvider } from './provider.ts';
import type { ServiceDecision } from './replica-decision.ts';
import { emitRemoval, type StepContext } from './replica-steps.ts';
import { emitNetworks, emitVolumes, finishNetworks, finishVolumes } from './resource-steps.ts';
import { decideRolls } from './roll.ts';
import { containerName } from './selection.ts';
import { classifyStops, orderSharers } from './stop-first.ts';
import { decideUp, type UpDecisions } from './up-decision.ts';
import type { UpOptions } from './up-options.ts';
import { emitService } from './up-steps.ts';

/** Fails with TcError, and so before any step, if what the model wants cannot be had. */
export function planUp(
  model: ProjectModel,
  inputs: DesiredInputs,
  state: ObservedState,
  options: UpOptions,
): Plan {
  const decisions = decideUp(model, inputs, state, options);
  const builder = new PlanBuilder();
  for (const warning of decisions.warnings) builder.warn(warning);
  emitUp(decisions, state, builder);
  return withImages(builder.finish(model.name), inputs, (service) => decisions.decided.has(service));
}

/** With the images that the services get on the way. */
export function withImages(plan: Plan, inputs: DesiredInputs, isMeant: (service: string) => boolean): Plan {
  const images = (inputs.images ?? []).filter(({ services }) => services.some(isMeant));
  return { ...plan, ...(images.length > 0 && { images }) };
}

/** All steps of an `up`, and those of a one-off that is run with it. */
export function emitUp(
  decisions: UpDecisions,
  state: ObservedState,
  builder: PlanBuilder,
  oneOff?: OneOff,
): void {
  const { decided, model, options, resources } = decisions;
  const networks = emitNetworks(resources, builder);
  const volumes = emitVolumes(resources, builder);
  const claimants = [...decided.values()].flatMap((decision) => listClaimants(decision, decisions));
  if (oneOff) claimants.push({ service: oneOff.service, name: oneOff.name, replaces: undefined });
  const claims = indexClaims(claimants);
  const contested = new Set(state.containers.filter((container) => findRivals(container, claims).length > 0));
  const classes = classifyStops(decided, { resources, contested });
  const { rolls, warnings } = decideRolls(decided.values(), {
    ...{ ...decisions, classes },
    keepers: new Set(state.volumes.flatMap(({ anonymous, usedBy }) => (anonymous ? usedBy : []))),
  });
  for (const warning of warnings) builder.warn(warning);
  const steps: StepContext = {
    model,
    options,
    builder,
    resources,
    networkSteps: networks.created,
    volumeSteps: volumes.created,
    steps: new Map(),
    removed: new Map(),
    created: new Map(),
    stopped: new Map(),
    hookRemovals: new Map(),
    providers: new Map(),
    classes,
    rolls,
    giving: findGiving(resources, contested),
    gate: (service) => gateOf(service, decisions, steps),
  };
  // What hooks of an earlier command left has the names of those to come.
  const leftovers = state.containers.filter((each) => isHookContainer(each) && decided.has(each.service));
  for (const container of leftovers) {
    const node = emitRemoval({ container, cause: LEFT_BY_HOOK }, steps);
    steps.hookRemovals.set(container.service, [...(steps.hookRemovals.get(container.service) ?? []), node]);
  }
  for (const name of decisions.order) {
    const decision = decided.get(name);
    if (decision) emitService(decision, steps);
    else bringUp(name, decisions, steps);
  }
  if (oneOff) emitOneOff(oneOff, steps);
  if (options.wait && !options.noStart) emitWaits(decisions, steps);
  const orphans = findOrphans(model, state).filter((container) => !steps.removed.has(container.id));
  if (options.removeOrphans) {
    for (const container of orphans) emitRemoval({ container, cause: { reason: 'orphan' } }, steps);
  }
  for (const warning of explainOrphans(model, orphans, options)) builder.warn(warning);
  orderSharers(steps.stopped, builder);
  settleClaims(state.containers, claims, steps);
  finishNetworks(networks, steps, state);
  finishVolumes(volumes, steps, state);
}

/** Ids of containers that have to go before others can be made. */
function findGiving(
  { networks, volumes }: UpDecisions['resources'],
  contested: ReadonlySet<ObservedContainer>,
): Set<string> {
  const replaced = [
    ...[...networks.values()].flatMap((each) => (each.action === 'replace' ? each.old.members : [])),
    ...[...volumes.values()].flatMap((each) => (each.action === 'replace' ? each.old.usedBy : [])),
  ];
  return new Set([...replaced, ...[...contested].map(({ id }) => id)]);
}

/** A service that a provider stands for: what it says is in the environment of those that depend on it. */
function bringUp(name: string, { model, selection }: UpDecisions, steps: StepContext): void {
  const service = model.services[name];
  if (service?.provider === undefined || !selection.selected.has(name)) return;
  const cause = { reason: 'requested', verb: 'up' } as const;
  const node = emitProvider(service, 'up', { builder: steps.builder, cause, after: steps.gate(service) });
  if (node !== undefined) steps.providers.set(name, node);
}

const LEFT_BY_HOOK = { reason: 'leftover', what: 'a hook that failed' } as const;

function listClaimants({ replicas, service }: ServiceDecision, { model, options }: UpDecisions): Claimant[] {
  return replicas.flatMap((replica): Claimant[] => {
    if (replica.action === 'create') return [{ service, name: replica.name, replaces: undefined }];
    if (replica.action !== 'recreate' || replica.replacement) return [];
    const name = containerName(model, service, replica.container.number, options.separator);
    return [{ service, name, replaces: replica.container.id }];
  });
}
