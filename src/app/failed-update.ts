// What follows a rolling update that failed: nothing more, or the way back; and whatever else the command was about.

import { bug, changeError, joinErrors, type TcError } from '../base/error.ts';
import type { DesiredInputs } from '../plan/observed-state.ts';
import { planRollback } from '../plan/rollback.ts';
import { selectServices } from '../plan/selection.ts';
import { withDependencies } from '../plan/service-graph.ts';
import { planUp } from '../plan/up.ts';
import type { UpOptions } from '../plan/up-options.ts';
import { UpdateFailure } from '../plan/update-failure.ts';
import type { ProjectModel } from '../project/model.ts';
import { carryOut, type Outcome, type Undertaking } from './carry-out.ts';
import type { AppContext } from './context.ts';

/** Of what an `up` is. */
export interface UpdateScope {
  readonly model: ProjectModel;
  readonly inputs: DesiredInputs;
  readonly options: UpOptions;
}

/** Carries out an `up`. Rejects with what made an update fail, and says what became of it. */
export async function carryOutUpdate(
  context: AppContext,
  undertaking: Undertaking,
  scope: UpdateScope,
): Promise<Outcome> {
  try {
    return await carryOut(context, undertaking);
  } catch (error) {
    if (!(error instanceof UpdateFailure)) throw error;
    throw await conclude(context, undertaking, scope, error);
  }
}

async function conclude(
  context: AppContext,
  undertaking: Undertaking,
  scope: UpdateScope,
  failure: UpdateFailure,
): Promise<unknown> {
  const { failureAction } = failure.update;
  const errors =
    failureAction === 'rollback' ? await rollBack(context, undertaking, scope, failure) : undefined;
  const rest = await carryOutRest(context, undertaking, scope, failure).catch((error) => [error]);
  return joinErrors([...(errors ?? [explain(failure, paused)]), ...rest]);
}

/** Returns what there is to be told. */
async function rollBack(
  context: AppContext,
  { project, verb }: Undertaking,
  { model, options }: UpdateScope,
  failure: UpdateFailure,
): Promise<unknown[]> {
  const { service: name } = failure.update;
  const service = model.services[name];
  if (service === undefined) throw bug(`${name}, which was updated, is no service`);
  context.on({
    type: 'warning',
    warning: { code: 'update-rollback', message: `${failure.message}: going back to what ran before` },
  });
  try {
    await carryOut(context, {
      ...{ verb, project, model },
      decide: (state) => planRollback(model, state, service, options),
    });
    return [explain(failure, `${name} was rolled back: it runs as before this command`)];
  } catch (error) {
    return [explain(failure, halfway), error];
  }
}

/** A failure ends a plan wherever it stands: what has nothing to do with the failed service is brought to its end. */
async function carryOutRest(
  context: AppContext,
  undertaking: Undertaking,
  scope: UpdateScope,
  { update: { service } }: UpdateFailure,
): Promise<unknown[]> {
  const { inputs, model, options } = scope;
  const { selected } = selectServices(model, options);
  const rest = [...selected].filter(
    (name) => !withDependencies(model.services, new Set([name])).has(service),
  );
  if (rest.length === 0 || context.interrupted.aborted) return [];
  const narrowed = { ...options, services: rest, noDeps: true };
  const decide: Undertaking['decide'] = (state) => planUp(model, inputs, state, narrowed);
  const engine = await context.engine('change');
  const isDone = decide(await engine.observe(model.name, model)).nodes.length === 0;
  if (isDone) return [];
  await carryOutUpdate(context, { ...undertaking, decide }, { model, inputs, options: narrowed });
  return [];
}

const paused =
  'the update is paused: replicas that it had not reached run on as they were. `up` goes on with it, with what the files say by then';
const halfway =
  'the rollback did not come to its end: replicas of both generations are there. `up` goes on with what the files say by then';

function explain(failure: UpdateFailure, outcome: string): TcError {
  return changeError(failure, { hints: [...failure.hints, outcome] });
}
