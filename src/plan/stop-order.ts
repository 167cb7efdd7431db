// Stopping in reverse dependency order: a container stops once all that depend on it have stopped.

import type { Nanoseconds, ProjectModel } from '../project/model.ts';
import { mapDependencies, reachable } from './dependency-map.ts';
import type { ObservedContainer } from './observed-state.ts';
import type { Cause, NodeId, Operation } from './operation.ts';
import type { PlanBuilder } from './plan-builder.ts';

export interface StopContext {
  readonly model: ProjectModel | undefined;
  readonly builder: PlanBuilder;
  cause(container: ObservedContainer): Cause;
  readonly timeout?: Nanoseconds | undefined;
  readonly by?: 'host';
}

/** Container id -> its stop step. */
export function emitStops(
  containers: readonly ObservedContainer[],
  context: StopContext,
): Map<string, NodeId> {
  const { builder } = context;
  const nodes = new Map<string, NodeId>();
  const byService = new Map<string, NodeId[]>();
  for (const container of containers) {
    const node = builder.add({ operation: stopOf(container, context), cause: context.cause(container) });
    nodes.set(container.id, node);
    byService.set(container.service, [...(byService.get(container.service) ?? []), node]);
  }
  const map = mapDependencies(context.model, containers);
  const below = new Map([...byService.keys()].map((service) => [service, reachable(service, map)]));
  for (const [service, stops] of byService) {
    for (const on of below.get(service) ?? []) {
      // Labels of different generations may contradict each other: then neither side waits.
      if (below.get(on)?.has(service)) continue;
      for (const node of byService.get(on) ?? []) builder.addDependencies(node, stops);
    }
  }
  return nodes;
}

function stopOf({ id, name }: ObservedContainer, { by, timeout }: StopContext): Operation {
  return {
    kind: 'stop-container',
    container: { id, name },
    ...(timeout === undefined ? {} : { timeout }),
    ...(by === undefined ? {} : { by }),
  };
}
