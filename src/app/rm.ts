// rm: stopped containers go.

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
    decide: (state) => planRemove(model, state, options),
  });
}

function removedNames(plan: Plan): string[] {
  return plan.nodes.flatMap(({ operation }) =>
    operation.kind === 'remove-container' ? [operation.container.name] : [],
  );
}
