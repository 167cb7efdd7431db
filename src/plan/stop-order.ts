// Stopping in reverse dependency order: a container stops once all that depend on it have stopped.

import type { Nanoseconds, ProjectModel } from '../project/model.ts';
import { mapDependencies, reachable } from './dependency-map.ts';
import { emitPreStop } from './hooks.ts';
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

interface StopSteps {
  readonly service: string;
  /** The stop, and what comes first: its first `pre_stop` hook or itself. */
  readonly stop: NodeId;
  readonly first: NodeId;
}

/** Container id -> its stop step, which its `pre_stop` hooks precede. */
export function emitStops(
  containers: readonly ObservedContainer[],
  context: StopContext,
): Map<string, NodeId> {
  const steps = new Map(containers.map((container) => [container.id, emitStop(container, context)]));
  const byService = new Map<string, StopSteps[]>();
  for (const step of steps.values()) {
    byService.set(step.service, [...(byService.get(step.service) ?? []), step]);
  }
  orderStops(byService, mapDependencies(context.model, containers), context.builder);
  return new Map([...steps].map(([id, { stop }]) => [id, stop]));
}

function emitStop(container: ObservedContainer, context: StopContext): StopSteps {
  const { builder } = context;
  const cause = context.cause(container);
  const { first, last } = emitPreStop(container, [], { builder, cause });
  const operation = stopOf(container, context);
  const stop = builder.add({ operation, cause, after: last === undefined ? [] : [last] });
  return { service: container.service, stop, first: first ?? stop };
}

function orderStops(
  byService: ReadonlyMap<string, readonly StopSteps[]>,
  map: ReturnType<typeof mapDependencies>,
  builder: PlanBuilder,
): void {
  const below = new Map([...byService.keys()].map((service) => [service, reachable(service, map)]));
  for (const [service, steps] of byService) {
    const stops = steps.map(({ stop }) => stop);
    for (const on of below.get(service) ?? []) {
      // Labels of different generations may contradict each other: then neither side waits.
      if (below.get(on)?.has(service)) continue;
      for (const { first } of byService.get(on) ?? []) builder.addDependencies(first, stops);
    }
  }
}

function stopOf({ id, name }: ObservedContainer, { by, timeout }: StopContext): Operation {
  return {
    kind: 'stop-container',
    container: { id, name },
    ...(timeout === undefined ? {} : { timeout }),
    ...(by === undefined ? {} : { by }),
  };
}
