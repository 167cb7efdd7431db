// The conditions that containers wait for: depends_on of their service, and `--wait` of the command.

import { TcError } from '../base/error.ts';
import type { Warning } from '../base/warning.ts';
import type { ProjectModel } from '../project/model.ts';
import type { DependencyCondition, DependencyConfig, ServiceConfig } from '../project/service-config.ts';
import type { ObservedContainer } from './observed-state.ts';
import type { NodeId } from './operation.ts';
import type { DecisionContext, ServiceDecision } from './replica-decision.ts';
import type { StepContext } from './replica-steps.ts';
import { dependenciesOf, sortedKeys } from './service-graph.ts';

/**
 * Fails if a service waits for the health of one that has no probe: it would wait for ever. If it can do without, that is
 * a warning.
 */
export function checkConditions(context: DecisionContext, oneOffs: readonly ServiceConfig[] = []): Warning[] {
  const { inputs, model, selection } = context;
  const selected = [...selection.selected].flatMap((name) => model.services[name] ?? []);
  return [...selected, ...oneOffs].flatMap(({ depends_on, name }) =>
    Object.entries(depends_on)
      .filter(([on, { condition }]) => condition === 'service_healthy' && selection.selected.has(on))
      .filter(([on]) => inputs.services[on]?.hasHealthcheck === false)
      .map(([on, config]) => refuseUnprobed(name, on, config, model)),
  );
}

function refuseUnprobed(
  name: string,
  on: string,
  { required }: DependencyConfig,
  model: ProjectModel,
): Warning {
  const source = model.positions.at(['services', name, 'depends_on', on, 'condition']);
  const place = source === undefined ? {} : { source };
  const code = 'no-healthcheck';
  const message = `service "${name}" waits for "${on}" to be healthy, but "${on}" has no healthcheck`;
  const hint = `give ${on} a healthcheck, or use condition: service_started`;
  if (required) throw new TcError(message, { code, hints: [hint], ...place });
  return { code, message, hint, ...place };
}

/** Steps that the start of a container of `service` waits for. */
export function gateOf(
  service: ServiceConfig,
  context: DecisionContext,
  { builder, steps: emitted, providers }: Pick<StepContext, 'builder' | 'steps' | 'providers'>,
): NodeId[] {
  const dependencies = dependenciesOf(service);
  return sortedKeys(dependencies).flatMap((on) => {
    const provided = providers.get(on);
    if (provided !== undefined) return [provided];
    const [decision, steps, config] = [context.decided.get(on), emitted.get(on), dependencies[on]];
    if (!decision || !steps || !config || decision.replicas.length === 0) return [];
    const condition = effectiveCondition(on, config, context);
    if (condition === 'service_started') return steps.starts;
    if (holds(decision, condition)) return [];
    const operation = {
      kind: 'await-condition',
      service: on,
      containers: steps.containers,
      condition,
      dependent: service.name,
      required: config.required,
    } as const;
    const cause = { reason: 'dependency', of: on } as const;
    return [builder.add({ operation, cause, after: steps.starts })];
  });
}

/** An optional dependency without a probe cannot be waited for. */
function effectiveCondition(
  on: string,
  config: DependencyConfig,
  context: DecisionContext,
): DependencyCondition {
  const hasProbe = context.inputs.services[on]?.hasHealthcheck ?? true;
  return config.condition === 'service_healthy' && !hasProbe ? 'service_started' : config.condition;
}

/** `--wait`: one step per selected service that is not there yet. */
export function emitWaits(
  context: DecisionContext,
  { builder, steps: emitted }: Pick<StepContext, 'builder' | 'steps'>,
): void {
  const { waitTimeout } = context.options;
  const jobs = findJobs(context.model);
  for (const [name, decision] of context.decided) {
    const steps = emitted.get(name);
    if (!context.selection.selected.has(name) || !steps || decision.replicas.length === 0) continue;
    const condition = jobs.has(name) ? 'service_completed_successfully' : livenessOf(name, context);
    if (holds(decision, condition)) continue;
    builder.add({
      operation: {
        kind: 'await-condition',
        service: name,
        containers: steps.containers,
        condition,
        required: true,
        ...(waitTimeout === undefined ? {} : { timeout: waitTimeout }),
      },
      cause: { reason: 'requested', verb: '--wait' },
      after: steps.starts,
    });
  }
}

function livenessOf(name: string, context: DecisionContext): DependencyCondition {
  return context.inputs.services[name]?.hasHealthcheck ? 'service_healthy' : 'service_started';
}

/** Services that are to end: they say so themselves, or another one waits for it. */
export function findJobs(model: ProjectModel): Set<string> {
  const services = Object.values(model.services);
  const awaited = services.flatMap(({ depends_on }) =>
    Object.keys(depends_on).filter((on) => depends_on[on]?.condition === 'service_completed_successfully'),
  );
  return new Set([
    ...awaited,
    ...services.filter((service) => service.tcompose?.once).map(({ name }) => name),
  ]);
}

/** True if no step is planned for the service and each of its containers meets the condition already. */
function holds(decision: ServiceDecision, condition: DependencyCondition): boolean {
  return decision.replicas.every(
    (replica) => replica.action === 'keep' && meets(replica.container, condition),
  );
}

/** Whether the container, as it is, satisfies the condition. What ended well counts as having started. */
export function meets(container: ObservedContainer, condition: DependencyCondition): boolean {
  const hasSucceeded = container.state === 'exited' && container.exitCode === 0;
  switch (condition) {
    case 'service_healthy':
      return container.state === 'running' && container.health === 'healthy';
    case 'service_completed_successfully':
      return hasSucceeded;
    case 'service_started':
      return container.state === 'running' || hasSucceeded;
  }
}
