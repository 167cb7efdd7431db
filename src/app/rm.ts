// rm: stopped containers go.

import { TcError } from '../base/error.ts';
import { planRemove, type RemoveOptions } from '../plan/lifecycle.ts';
import type { Plan } from '../plan/operation.ts';
import { carryOut, type Outcome } from './carry-out.ts';
import type { AppContext } from './context.ts';
import { findProject } from './project.ts';

/** Asks with the names of what would go; a refusal is an outcome without a result. */
export async function rm(
  context: AppContext,
  options: RemoveOptions,
  confirm: (names: readonly string[]) => Promise<boolean>,
): Promise<Outcome> {
  const { name, model } = findProject(context);
  const engine = await context.engine('read');
  const plan = planRemove(model, await engine.observe(name), options);
  const names = removedNames(plan);
  if (!context.dryRun && names.length > 0 && !(await confirm(names)))
    return { plan: { ...plan, nodes: [] }, isDryRun: false };
  return carryOut(context, {
    verb: 'rm',
    project: name,
    model,
    decide: (state) => requireAgreed(planRemove(model, state, options), names),
  });
}

/** Nobody agreed to the removal of what has stopped since the question. */
function requireAgreed(plan: Plan, names: readonly string[]): Plan {
  const added = removedNames(plan).filter((name) => !names.includes(name));
  if (added.length === 0) return plan;
  throw new TcError(`${added.join(', ')} can be removed too by now`, {
    code: 'changed',
    hints: ['run the command again to be asked for all of them'],
  });
}

function removedNames(plan: Plan): string[] {
  return plan.nodes.flatMap(({ operation }) =>
    operation.kind === 'remove-container' ? [operation.container.name] : [],
  );
}
