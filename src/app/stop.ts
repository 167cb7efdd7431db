// stop: containers end and stay.

import { type LifecycleOptions, planStop } from '../plan/lifecycle.ts';
import { carryOut, type Outcome } from './carry-out.ts';
import type { AppContext } from './context.ts';
import { findProject } from './project.ts';

export function stop(context: AppContext, options: LifecycleOptions): Promise<Outcome> {
  const { name, model } = findProject(context);
  return carryOut(context, {
    verb: 'stop',
    project: name,
    model,
    decide: (state) => planStop(model, state, options),
  });
}
