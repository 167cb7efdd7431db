// Whether what a plan was decided on still holds after others could have changed it. Pure.

import type { ContainerRef, NodeId, Operation, PlanNode } from '../../plan/operation.ts';
import type { Snapshot } from '../observe/observe.ts';

export interface RemainingPlan {
  readonly project: string;
  readonly nodes: readonly PlanNode[];
  readonly created: ReadonlyMap<NodeId, string>;
  /** Ids of containers that the plan has removed itself. */
  readonly removed: ReadonlyMap<string, unknown>;
}

/** What the rest of a plan relies on and no longer finds; undefined if all is there. */
export function findBrokenPrecondition(remaining: RemainingPlan, now: Snapshot): string | undefined {
  const lost = [...remaining.created.values()].find((id) => !now.containers.has(id));
  if (lost !== undefined) return `container ${lost.slice(0, 12)}, which it had created, is gone`;
  for (const { operation } of remaining.nodes) {
    const broken = check(operation, remaining, now);
    if (broken !== undefined) return broken;
  }
  return undefined;
}

function check(operation: Operation, remaining: RemainingPlan, now: Snapshot): string | undefined {
  if (operation.kind === 'create-container') return checkCreate(operation, remaining, now);
  if ('container' in operation) return checkRefs([operation.container], now);
  return 'containers' in operation ? checkRefs(operation.containers, now) : undefined;
}

function checkRefs(refs: readonly ContainerRef[], now: Snapshot): string | undefined {
  const missing = refs.find((ref) => 'id' in ref && !now.containers.has(ref.id));
  return missing && `container ${missing.name} is gone`;
}

function checkCreate(
  operation: Extract<Operation, { kind: 'create-container' }>,
  { project, created, nodes, removed }: RemainingPlan,
  now: Snapshot,
): string | undefined {
  const own = new Set(created.values());
  const known = new Set([...now.containers.values()].map((record) => record.id));
  const rival = [...now.containers.values()].find(
    (record) => record.name === operation.name && record.id !== operation.replaces?.id && !own.has(record.id),
  );
  if (rival) return `container ${operation.name} exists by now`;
  const isKnown = (id: string) => known.has(id) || removed.has(id);
  if (operation.replaces && !isKnown(operation.replaces.id))
    return `container ${operation.replaces.name} is gone`;
  const planned = new Set(nodes.flatMap(({ operation: op }) => ('config' in op ? [op.config.name] : [])));
  const names = new Set([...now.networks, ...now.volumes].map((record) => record.name));
  const needed = [...Object.values(operation.networks), ...Object.values(operation.volumes)];
  const missing = needed.find((name) => !names.has(name) && !planned.has(name));
  return missing === undefined ? undefined : `${missing}, which ${project} needs, is gone`;
}
