// pause and unpause: containers keep their processes, which get no time. No order: a frozen dependency is as good as a
// slow one.

import type { ProjectModel } from '../project/model.ts';
import { chooseContainers, type LifecycleOptions } from './lifecycle.ts';
import type { ContainerState, ObservedState } from './observed-state.ts';
import type { Plan } from './operation.ts';
import { PlanBuilder } from './plan-builder.ts';
import { refTo } from './replica-steps.ts';

export type PauseOptions = Pick<LifecycleOptions, 'services'>;

/** Freezes what runs. */
export function planPause(
  model: ProjectModel | undefined,
  state: ObservedState,
  options: PauseOptions = {},
): Plan {
  return planFreeze(model, state, { ...options, verb: 'pause', from: 'running' });
}

/** Lets what is frozen go on. */
export function planUnpause(
  model: ProjectModel | undefined,
  state: ObservedState,
  options: PauseOptions = {},
): Plan {
  return planFreeze(model, state, { ...options, verb: 'unpause', from: 'paused' });
}

function planFreeze(
  model: ProjectModel | undefined,
  state: ObservedState,
  options: PauseOptions & { readonly verb: 'pause' | 'unpause'; readonly from: ContainerState },
): Plan {
  const { from, verb } = options;
  const builder = new PlanBuilder();
  for (const container of chooseContainers(model, state, options)) {
    if (container.state !== from) continue;
    const operation = { kind: `${verb}-container`, container: refTo(container) } as const;
    builder.add({ operation, cause: { reason: 'requested', verb } });
  }
  return builder.finish(state.project);
}
