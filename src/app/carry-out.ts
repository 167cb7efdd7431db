// The one door between deciding and doing: with `dryRun` there is no path from here to an effect.

import type { AttachRequest, AttachSession } from '../engine/ports.ts';
import type { ObservedState } from '../plan/observed-state.ts';
import type { NodeId, Plan } from '../plan/operation.ts';
import type { ProjectModel } from '../project/model.ts';
import type { AppContext } from './context.ts';

export interface Undertaking {
  readonly verb: string;
  readonly project: string;
  readonly model?: ProjectModel;
  decide(state: ObservedState): Plan;
  /** ExecuteRequest.keepGoing. */
  readonly keepGoing?: boolean;
  /** Cancels it; the default is the user's interrupt. */
  readonly signal?: AbortSignal;
  /** For the container that the plan starts attached. */
  readonly attach?: AttachRequest;
}

export interface Outcome {
  readonly plan: Plan;
  /** Nothing was done. */
  readonly isDryRun: boolean;
  /** Container ids, by the node that made them. */
  readonly created?: ReadonlyMap<NodeId, string>;
  /** With the container that was started attached. */
  readonly session?: AttachSession;
}

export async function carryOut(context: AppContext, undertaking: Undertaking): Promise<Outcome> {
  const engine = await context.engine(context.dryRun ? 'read' : 'change');
  if (context.dryRun) {
    const state = await engine.observe(undertaking.project, undertaking.model);
    return { plan: undertaking.decide(state), isDryRun: true };
  }
  const result = await engine.execute({
    project: undertaking.project,
    model: undertaking.model,
    verb: undertaking.verb,
    decide: undertaking.decide,
    on: context.on,
    signal: undertaking.signal ?? context.interrupted,
    parallel: context.parallel,
    attach: undertaking.attach,
    ...(undertaking.keepGoing ? { keepGoing: true } : {}),
  });
  const { created, plan, session } = result;
  return { plan, isDryRun: false, created, session };
}
