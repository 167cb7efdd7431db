// The steps of a plan as changes of named resources, in Docker Compose's words.

import type { ExecuteEvent } from '../../engine/ports.ts';
import type { Operation, Plan } from '../../plan/operation.ts';

export type ChangeState = 'working' | 'done' | 'failed';

/** `Container demo-web-1` is `Starting`. */
export interface Change {
  readonly id: string;
  readonly text: string;
  readonly state: ChangeState;
  readonly details?: string;
  /** What it is a part of: the image of a layer. */
  readonly parentId?: string;
  /** Bytes. */
  readonly current?: number;
  readonly total?: number;
  /** Only the numbers are new. */
  readonly isStep?: boolean;
}

type NodeEvent = Extract<ExecuteEvent, { readonly type: 'node' }>;

const words: Readonly<
  Record<
    Exclude<Operation['kind'], 'await-condition' | 'run-hook' | 'run-provider'>,
    readonly [string, string]
  >
> = {
  'create-network': ['Creating', 'Created'],
  'remove-network': ['Removing', 'Removed'],
  'create-volume': ['Creating', 'Created'],
  'remove-volume': ['Removing', 'Removed'],
  'remove-image': ['Removing', 'Removed'],
  'create-container': ['Creating', 'Created'],
  'start-container': ['Starting', 'Started'],
  'stop-container': ['Stopping', 'Stopped'],
  'drain-container': ['Draining', 'Drained'],
  'restart-container': ['Restarting', 'Started'],
  'kill-container': ['Killing', 'Killed'],
  'pause-container': ['Pausing', 'Paused'],
  'unpause-container': ['Unpausing', 'Unpaused'],
  'remove-container': ['Removing', 'Removed'],
  'observe-update': ['Watching', 'Holding'],
};

const providerWords = {
  up: ['Creating', 'Created'],
  stop: ['Stopping', 'Stopped'],
  down: ['Removing', 'Removed'],
} as const;

const conditionWords = {
  service_started: 'Running',
  service_healthy: 'Healthy',
  service_completed_successfully: 'Exited',
} as const;

/** Which resources a step shows as: a wait is one change per container. */
function describeStep(event: NodeEvent): Change[] {
  const { detail, operation, phase } = event;
  const state: ChangeState = phase === 'started' ? 'working' : phase;
  return idsOf(operation).map((id) => ({
    id,
    text: phase === 'failed' ? 'Error' : wordOf(operation, phase),
    state,
    ...(detail === undefined || detail === '' ? {} : { details: detail }),
  }));
}

function wordOf(operation: Operation, phase: 'started' | 'done'): string {
  if (operation.kind === 'await-condition') {
    return phase === 'started' ? 'Waiting' : conditionWords[operation.condition];
  }
  if (operation.kind === 'run-hook') return `${phase === 'started' ? 'Running' : 'Ran'} ${operation.phase}`;
  if (operation.kind === 'run-provider') return providerWords[operation.command][phase === 'started' ? 0 : 1];
  return words[operation.kind][phase === 'started' ? 0 : 1];
}

export function idsOf(operation: Operation): string[] {
  switch (operation.kind) {
    case 'create-network':
      return [`Network ${operation.config.name}`];
    case 'remove-network':
      return [`Network ${operation.name}`];
    case 'create-volume':
      return [`Volume ${operation.config.name}`];
    case 'remove-volume':
      return [`Volume ${operation.name}`];
    case 'remove-image':
      return [`Image ${operation.image}`];
    case 'create-container':
      return [`Container ${operation.name}`];
    case 'run-provider':
      return [`Service ${operation.service}`];
    case 'await-condition':
    case 'observe-update':
      return operation.containers.map(({ name }) => `Container ${name}`);
    default:
      return [`Container ${operation.container.name}`];
  }
}

/**
 * Follows the events of one execution: folds the steps of a group into `Recreate` and `Recreated`, and leaves out what
 * would be said twice.
 */
export class ChangeTracker {
  readonly #groups = new Map<string, GroupProgress>();
  readonly #last = new Map<string, Set<string>>();

  begin(plan: Plan): void {
    this.#groups.clear();
    this.#last.clear();
    for (const { group, id, operation } of plan.nodes) {
      if (group === undefined || isToldByItself(operation)) continue;
      const known = this.#groups.get(group);
      if (known) known.open.add(id);
      else this.#groups.set(group, { open: new Set([id]), id: idsOf(operation)[0] ?? group, begun: false });
    }
  }

  follow(event: NodeEvent): Change[] {
    const group = event.group === undefined ? undefined : this.#groups.get(event.group);
    const changes =
      group !== undefined && !isToldByItself(event.operation)
        ? followGroup(group, event)
        : describeStep(event);
    return changes.filter((change) => this.#isNews(change));
  }

  /** Two services may wait for one container: it is told once. */
  #isNews({ details, id, state, text: word }: Change): boolean {
    const text = details === undefined ? word : `${word} ${details}`;
    const told = this.#last.get(id) ?? new Set();
    this.#last.set(id, told);
    if (told.has(text) && state !== 'failed') return false;
    told.add(text);
    return true;
  }
}

function isToldByItself({ kind }: Operation): boolean {
  return kind === 'start-container' || kind === 'run-hook';
}

interface GroupProgress {
  /** Steps that are not done; the start at the end is told by itself. */
  readonly open: Set<number>;
  readonly id: string;
  begun: boolean;
}

function followGroup(group: GroupProgress, event: NodeEvent): Change[] {
  if (event.phase === 'failed') return describeStep(event).map((change) => ({ ...change, id: group.id }));
  if (event.phase === 'done') group.open.delete(event.node);
  if (!group.begun) {
    group.begun = true;
    return [{ id: group.id, text: 'Recreate', state: 'working' }];
  }
  return group.open.size > 0 ? [] : [{ id: group.id, text: 'Recreated', state: 'done' }];
}
