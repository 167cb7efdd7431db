// kill: a signal to containers.

import { type KillOptions, planKill } from '../plan/lifecycle.ts';
import { carryOut, type Outcome } from './carry-out.ts';
import type { AppContext } from './context.ts';
import { findProject } from './project.ts';

export function kill(context: AppContext, options: KillOptions): Promise<Outcome> {
  const { name, model } = findProject(context);
  return carryOut(context, {
    verb: 'kill',
    project: name,
    model,
    decide: (state) => planKill(model, state, options),
  });
}
