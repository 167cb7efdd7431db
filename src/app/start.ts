// start: containers that are there run again.

import { TcError } from '../base/error.ts';
import { planStart, type StartOptions } from '../plan/lifecycle.ts';
import type { ObservedState } from '../plan/observed-state.ts';
import { carryOut, type Outcome } from './carry-out.ts';
import type { AppContext } from './context.ts';
import { formatInstant } from './instant.ts';
import { findProject } from './project.ts';

/** Scripts say `start || up -d`. */
function requireAny(state: ObservedState): ObservedState {
  if (state.containers.some(({ oneOff }) => !oneOff)) return state;
  throw new TcError(`project "${state.project}" has no container to start`, {
    code: 'no-container',
    hints: ['create them with: tcompose up -d'],
  });
}

export function start(context: AppContext, options: StartOptions): Promise<Outcome> {
  const { name, model } = findProject(context);
  const since = formatInstant(Date.now());
  return carryOut(context, {
    verb: 'start',
    project: name,
    model,
    decide: (state) => planStart(model, requireAny(state), { ...options, since }),
  });
}
