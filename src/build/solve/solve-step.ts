// One step on the layers below it.

import { chainOf, type StackedLayer } from '../../image/build-store.ts';
import { LayerDraft } from '../copy/layer-draft.ts';
import { resolveOwner } from '../copy/owner.ts';
import type { Step, WorkdirStep } from '../stage/step.ts';
import { solveCopy } from './copy-step.ts';
import { keyOf } from './key.ts';
import { type SolvedStep, solveRun } from './run-step.ts';
import { now, openRoot, readAccounts, type StepContext, storeEntries } from './step-context.ts';

export async function solveStep(step: Step, context: StepContext): Promise<SolvedStep> {
  const { lineage } = context;
  switch (step.kind) {
    case 'run':
      return solveRun(step, context);
    case 'copy':
      return { layer: await solveCopy(step, context), lineage };
    case 'workdir':
      return { layer: await solveWorkdir(step, context), lineage };
  }
}

/** Undefined: it is the root. */
async function solveWorkdir(step: WorkdirStep, context: StepContext): Promise<StackedLayer | undefined> {
  const { solver, below, useCache } = context;
  const { workshop } = solver;
  const text = workshop.nextStep(solver.request.name, step.title);
  if (step.path === '/') {
    workshop.tell({ type: 'step', phase: 'cached', ...text });
    return undefined;
  }
  const key = keyOf('workdir', chainOf(below).at(-1), step.path, step.user, solver.epoch);
  const work = { step: text, keys: [key], below, useCache, imported: solver.imported };
  const known = await workshop.lookUp(work);
  if (known) return known;
  const root = await openRoot(context);
  const draft = new LayerDraft('the image', root);
  const owner = step.user === '' ? { uid: 0, gid: 0 } : resolveOwner(step.user, await readAccounts(root));
  await draft.makeDirectory(step.path, { ...owner, mode: 0o755, mtime: now(context) });
  // Of a directory that is there it is a layer too, an empty one, as BuildKit's.
  return storeEntries(draft.list(), context, text, [key]);
}
