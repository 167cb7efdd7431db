// restart: containers end and start again.

import { planRestart, type RestartOptions } from '../plan/lifecycle.ts';
import { carryOut, type Outcome } from './carry-out.ts';
import type { AppContext } from './context.ts';
import { findProject } from './project.ts';

export function restart(context: AppContext, options: RestartOptions): Promise<Outcome> {
  const { name, model } = findProject(context);
  return carryOut(context, {
    verb: 'restart',
    project: name,
    model,
    decide: (state) => planRestart(model, state, options),
  });
}
