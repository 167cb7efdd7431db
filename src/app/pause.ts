// pause: containers are frozen.

import { type PauseOptions, planPause } from '../plan/pause.ts';
import { carryOut, type Outcome } from './carry-out.ts';
import type { AppContext } from './context.ts';
import { findProject } from './project.ts';

export function pause(context: AppContext, options: PauseOptions): Promise<Outcome> {
  const { name, model } = findProject(context);
  return carryOut(context, {
    verb: 'pause',
    project: name,
    model,
    decide: (state) => planPause(model, state, options),
  });
}
