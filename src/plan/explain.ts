// A plan as text: one stable line per step for tests and logs, and JSON for machines. explain-changes.ts is for people.

import { formatDuration } from '../base/duration.ts';
import { unreachable } from '../base/error.ts';
import { shortId } from './container-change.ts';
import { hiddenValue } from './field-text.ts';
import type { Cause, FieldChange, Operation, OperationOf, Plan, PlanNode } from './operation.ts';

/** One line per step: `[1,2] -> #3 start-container demo-web-1, missing [group]`. Empty for an empty plan. */
export function formatPlan(plan: Plan): string {
  const images = (plan.images ?? []).map(({ action, image, why }) => `${action} ${image}, ${why}\n`);
  return images.join('') + formatSteps(plan);
}

function formatSteps(plan: Plan): string {
  return plan.nodes.map((node) => `${formatNode(node)}\n`).join('');
}

function formatNode({ cause, dependsOn, group, id, operation }: PlanNode): string {
  const suffix = group === undefined ? '' : ` [${group}]`;
  const what = `${operation.kind} ${formatResource(operation)}`;
  return `[${dependsOn.join(',')}] -> #${id} ${what}, ${explainCause(cause)}${suffix}`;
}

function formatResource(operation: Operation): string {
  switch (operation.kind) {
    case 'create-container':
      return describeCreate(operation);
    case 'await-condition': {
      const dependent = operation.dependent === undefined ? '' : ` for ${operation.dependent}`;
      const optional = operation.required ? '' : ' if it can be';
      return `${operation.service} ${operation.condition}${dependent}${optional}`;
    }
    case 'start-container':
      return `${operation.container.name}${operation.attached ? ' attached' : ''}`;
    case 'run-provider':
      return `${operation.service} ${operation.command} by ${operation.provider.type}`;
    case 'run-hook':
      return `${operation.phase} ${operation.index + 1} of ${operation.container.name}`;
    case 'stop-container':
    case 'drain-container':
      return describeStop(operation);
    case 'observe-update':
      return describeObservation(operation);
    case 'kill-container':
      return `${operation.container.name} with ${operation.signal}`;
    case 'remove-container':
      return `${operation.container.name}${operation.anonymousVolumes ? ' with its volumes' : ''}${describeSuccessor(operation)}`;
    default:
      return describeResource(operation).name;
  }
}

function describeCreate({ name, replaces, run }: OperationOf<'create-container'>): string {
  const traits = [run?.removeOnEnd && 'goes when it ends', run?.useAliases && 'with aliases'].filter(Boolean);
  const suffix = run ? ` as one-off${traits.map((trait) => `, ${trait}`).join('')}` : '';
  return `${name}${replaces ? ` for ${replaces.id}` : ''}${suffix}`;
}

function describeStop(operation: OperationOf<'stop-container'> | OperationOf<'drain-container'>): string {
  const { container, drain, successor } = operation;
  const by = operation.kind === 'stop-container' ? operation.by : undefined;
  const drained = drain === undefined ? '' : ` after its connections, ${formatDuration(drain)} at most`;
  return `${container.name}${by === undefined ? '' : ` by the ${by}`}${drained}${describeSuccessor({ successor })}`;
}

function describeSuccessor({ successor }: { readonly successor?: unknown }): string {
  return successor === undefined ? '' : ', if its successor holds';
}

function describeObservation({
  batch,
  containers,
  failureAction,
  ...rest
}: OperationOf<'observe-update'>): string {
  const { isRollback, maxFailureRatio, order, service, window } = rest;
  const ratio = maxFailureRatio > 0 ? ` above ${maxFailureRatio}` : '';
  const names = containers.map(({ name }) => name).join(' ');
  const what = isRollback ? 'rollback' : 'batch';
  return `${service} ${what} ${batch.number}/${batch.of} ${order} (${names}) for ${formatDuration(window)}, on failure${ratio} ${failureAction}`;
}

export interface ResourceName {
  readonly type: 'network' | 'volume' | 'image' | 'container' | 'service';
  readonly name: string;
}

/** What an operation acts on. A wait acts on a service. */
export function describeResource(operation: Operation): ResourceName {
  switch (operation.kind) {
    case 'create-network':
      return { type: 'network', name: operation.config.name };
    case 'remove-network':
      return { type: 'network', name: operation.name };
    case 'create-volume':
      return { type: 'volume', name: operation.config.name };
    case 'remove-volume':
      return { type: 'volume', name: operation.name };
    case 'remove-image':
      return { type: 'image', name: operation.image };
    case 'create-container':
      return { type: 'container', name: operation.name };
    case 'await-condition':
    case 'observe-update':
    case 'run-provider':
      return { type: 'service', name: operation.service };
    default:
      return { type: 'container', name: operation.container.name };
  }
}

/** Why a step is in the plan, in a few words. */
export function explainCause(cause: Cause): string {
  switch (cause.reason) {
    case 'missing':
    case 'forced':
    case 'orphan':
    case 'replaced':
    case 'unused':
      return cause.reason;
    case 'not-running':
      return `not running (${cause.state})`;
    case 'changed':
      return `changed: ${cause.changes.map(explainChange).join(', ')}`;
    case 'image-changed':
      return `image changed: ${shortId(cause.from)} -> ${shortId(cause.to)}`;
    case 'scale':
      return `scale ${cause.from} -> ${cause.to}`;
    case 'dependency':
      return `dependency ${cause.of}`;
    case 'requested':
      return `requested by ${cause.verb}`;
    case 'leftover':
      return `left by ${cause.what}`;
    case 'update-failed':
      return 'the update failed';
    default:
      return unreachable(cause);
  }
}

/** `image nginx:1 -> nginx:2`, `environment.TOKEN (changed)`, `cap_add + NET_ADMIN`. */
function explainChange({ from, path, to }: FieldChange): string {
  return `${path} ${explainValues({ from, to })}`;
}

export function explainValues({ from, to }: Pick<FieldChange, 'from' | 'to'>): string {
  if (from === undefined) return to === hiddenValue ? '(added)' : `+ ${to ?? ''}`;
  if (to === undefined) return from === hiddenValue ? '(removed)' : `- ${from}`;
  return from === hiddenValue && to === hiddenValue ? hiddenValue : `${shortId(from)} -> ${shortId(to)}`;
}

/** Version 1 of the machine form. Service configurations stay out of it: they hold secrets. */
export function formatPlanJson(plan: Plan): string {
  const nodes = plan.nodes.map(({ cause, dependsOn, group, id, operation }) => ({
    id,
    operation: operation.kind,
    resource: describeResource(operation),
    ...describeDetails(operation),
    cause,
    explanation: explainCause(cause),
    dependsOn,
    ...(group === undefined ? {} : { group }),
  }));
  const { images, project, warnings } = plan;
  const document = { version: 1, project, ...(images && { images }), nodes, warnings };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function describeDetails(operation: Operation): Readonly<Record<string, unknown>> {
  switch (operation.kind) {
    case 'create-container':
      return {
        service: operation.service.name,
        number: operation.number,
        ...(operation.replaces && { replaces: operation.replaces.id }),
        ...(operation.run && { oneOff: true, removeOnEnd: operation.run.removeOnEnd }),
      };
    case 'await-condition': {
      const { condition, dependent, required, service } = operation;
      return { service, condition, required, ...(dependent === undefined ? {} : { dependent }) };
    }
    case 'run-provider':
      return { provider: operation.provider.type, command: operation.command };
    case 'run-hook':
      return { phase: operation.phase, index: operation.index, command: operation.command };
    case 'observe-update': {
      const { batch, containers, failureAction, isRollback, maxFailureRatio, order, service, window } =
        operation;
      const names = containers.map(({ name }) => name);
      return { service, containers: names, batch, order, window, failureAction, maxFailureRatio, isRollback };
    }
    case 'stop-container': {
      const { by, drain } = operation;
      return { ...(by === undefined ? {} : { by }), ...(drain === undefined ? {} : { drain }) };
    }
    case 'drain-container':
      return { drain: operation.drain };
    case 'kill-container':
      return { signal: operation.signal };
    case 'remove-container':
      return { anonymousVolumes: operation.anonymousVolumes };
    default:
      return {};
  }
}
