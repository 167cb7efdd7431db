// unpause: frozen containers go on.

import { type PauseOptions, planUnpause } from '../plan/pause.ts';
import { carryOut, type Outcome } from './carry-out.ts';
import type { AppContext } from './context.ts';
import { findProject } from './project.ts';

export function unpause(context: AppContext, options: PauseOptions): Promise<Outcome> {
  const { name, model } = findProject(context);
  return carryOut(context, {
    verb: 'unpause',
    project: name,
    model,
    decide: (state) => planUnpause(model, state, options),
  });
}
