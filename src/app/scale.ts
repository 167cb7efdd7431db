// scale: as many containers of each service as asked for.

import { planScale, type ScaleOptions } from '../plan/lifecycle.ts';
import { carryOut, type Outcome } from './carry-out.ts';
import type { AppContext } from './context.ts';
import { formatInstant } from './instant.ts';
import { loadModel } from './project.ts';
import { lookUpInputs, nameSeparator } from './up.ts';

export async function scale(
  context: AppContext,
  replicas: Readonly<Record<string, number>>,
  options: Pick<ScaleOptions, 'noDeps' | 'timeout'>,
): Promise<Outcome> {
  const model = loadModel(context, { services: Object.keys(replicas) });
  const inputs = await lookUpInputs(context, model, options.noDeps ? Object.keys(replicas) : undefined);
  const separator = nameSeparator(context);
  const since = formatInstant(Date.now());
  return carryOut(context, {
    verb: 'scale',
    project: model.name,
    model,
    decide: (state) => planScale(model, inputs, state, replicas, { ...options, separator, since }),
  });
}
