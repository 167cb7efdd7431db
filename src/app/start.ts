// start: containers that are there run again.

import { planStart, type StartOptions } from '../plan/lifecycle.ts';
import { carryOut, type Outcome } from './carry-out.ts';
import type { AppContext } from './context.ts';
import { formatInstant } from './instant.ts';
import { findProject } from './project.ts';

export function start(context: AppContext, options: StartOptions): Promise<Outcome> {
  const { name, model } = findProject(context);
  const since = formatInstant(Date.now());
  return carryOut(context, {
    verb: 'start',
    project: name,
    model,
    decide: (state) => planStart(model, state, { ...options, since }),
  });
}
