// down: stop and remove what belongs to the project.

import type { DownOptions } from '../plan/down.ts';
import { planDown } from '../plan/down.ts';
import { carryOut, type Outcome } from './carry-out.ts';
import type { AppContext } from './context.ts';
import { findProject } from './project.ts';

export function down(context: AppContext, options: DownOptions): Promise<Outcome> {
  const { name, model } = findProject(context);
  return carryOut(context, {
    verb: 'down',
    project: name,
    model,
    decide: (state) => planDown(model, state, options),
  });
}
