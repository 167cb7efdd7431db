// `post_start` and `pre_stop`: commands in a container after it was started and before it is asked to stop, one after the
// other. One that fails ends the plan there: what waits for the start does not start, what was to stop goes on.

import type { HookConfig } from '../project/service-config.ts';
import type { ObservedContainer } from './observed-state.ts';
import type { Cause, ContainerRef, HookPhase, NodeId } from './operation.ts';
import type { PlanBuilder } from './plan-builder.ts';

export interface HookStep {
  readonly builder: PlanBuilder;
  readonly cause: Cause;
  readonly group?: string;
  /** The hooks are for nothing if that one was seen to fail. */
  readonly successor?: ContainerRef;
}

/** The step that others wait for: the last hook, or `started` itself. */
export function emitPostStart(
  container: ContainerRef,
  hooks: readonly HookConfig[] | undefined,
  started: NodeId,
  step: HookStep,
): NodeId {
  return emitChain({ container, hooks, phase: 'post_start' }, [started], step).last ?? started;
}

export interface HookChain {
  /** Absent: there are no hooks. */
  readonly first?: NodeId;
  readonly last?: NodeId;
}

/** A container that is frozen, or waits to be restarted, can prepare for nothing. */
export function emitPreStop(
  { id, name, recorded, state }: ObservedContainer,
  after: readonly NodeId[],
  step: HookStep,
): HookChain {
  const hooks = state === 'running' ? recorded.pre_stop : undefined;
  return emitChain({ container: { id, name }, hooks, phase: 'pre_stop' }, after, step);
}

interface Hooks {
  readonly container: ContainerRef;
  readonly hooks: readonly HookConfig[] | undefined;
  readonly phase: HookPhase;
}

function emitChain(
  { container, hooks = [], phase }: Hooks,
  after: readonly NodeId[],
  step: HookStep,
): HookChain {
  const { builder, cause, group, successor } = step;
  const nodes: NodeId[] = [];
  for (const [index, { command }] of hooks.entries()) {
    const last = nodes.at(-1);
    const node = builder.add({
      operation: { kind: 'run-hook', container, phase, index, command, ...(successor && { successor }) },
      cause,
      after: last === undefined ? after : [last],
      ...(group === undefined ? {} : { group }),
    });
    nodes.push(node);
  }
  const [first, last] = [nodes[0], nodes.at(-1)];
  return first === undefined || last === undefined ? {} : { first, last };
}
