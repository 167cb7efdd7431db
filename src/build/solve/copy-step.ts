// COPY and ADD: what they put where, and a layer of it.

import type { StackedLayer } from '../../image/build-store.ts';
import { chainOf } from '../../image/build-store.ts';
import { parseChmod } from '../copy/chmod.ts';
import { LayerDraft } from '../copy/layer-draft.ts';
import { resolveOwner } from '../copy/owner.ts';
import { type CopyOrder, planCopy } from '../copy/plan-copy.ts';
import type { CopySource, CopyStep } from '../stage/step.ts';
import { emptyTree, inlineTree } from '../tree/inline-tree.ts';
import type { Tree } from '../tree/tree.ts';
import { checkIgnored } from './check-ignored.ts';
import { fetchRemote } from './fetch-remote.ts';
import { keyOf } from './key.ts';
import { now, openRoot, readAccounts, type StepContext, storeEntries } from './step-context.ts';
import { unpackArchive } from './unpack-archive.ts';

export async function solveCopy(step: CopyStep, context: StepContext): Promise<StackedLayer> {
  const { solver, below } = context;
  const { workshop } = solver;
  const text = workshop.nextStep(solver.request.name, step.title);
  const source = await solver.open(step.from);
  const { at: _, title: __, createdBy: ___, ...what } = step;
  // What comes from layers need not be looked at, if these layers were.
  const known =
    source.identity === undefined
      ? undefined
      : keyOf('copy', chainOf(below).at(-1), source.identity, what, solver.epoch);
  if (known !== undefined && context.useCache && step.instruction === 'COPY') {
    const cached = await workshop.store.findCached(known, below);
    if (cached) {
      workshop.tell({ type: 'step', phase: 'cached', ...text });
      return cached;
    }
  }
  const draft = await planSources(step, context, source.tree);
  return storeEntries(draft.list(), context, text, known === undefined ? [] : [known]);
}

async function planSources(step: CopyStep, context: StepContext, tree: Tree): Promise<LayerDraft> {
  const root = await openRoot(context);
  const chmod = step.chmod === undefined ? undefined : parseChmod(step.chmod);
  const owner = step.chown === undefined ? undefined : resolveOwner(step.chown, await readAccounts(root));
  // A linked layer knows nothing of what it will stand on.
  const draft = new LayerDraft('the image', step.isLink ? emptyTree : root);
  const order: Omit<CopyOrder, 'tree' | 'source'> = {
    draft,
    destination: step.destination,
    ...(owner && { owner }),
    ...(chmod && { chmod }),
    exclude: step.exclude,
    parents: step.parents,
    now: now(context),
  };
  for (const source of step.sources) {
    if (source.kind === 'path') await checkIgnored(source.path, step, tree, context.solver.checks);
    await planCopy({ ...order, ...(await locate(source, step, context, tree)) });
  }
  return draft;
}

async function locate(
  source: CopySource,
  step: CopyStep,
  context: StepContext,
  tree: Tree,
): Promise<Pick<CopyOrder, 'tree' | 'source' | 'unpack'>> {
  const unpacker = { unpack: unpackArchive(context.solver.workshop) };
  switch (source.kind) {
    case 'path':
      return { tree, source: source.path, ...((step.unpack ?? step.instruction === 'ADD') && unpacker) };
    case 'inline': {
      const file = { name: source.name, content: source.content, mode: 0o644, mtime: now(context) };
      return { tree: inlineTree([file]), source: escapePath(source.name) };
    }
    case 'url':
    case 'git': {
      const fetched = await fetchRemote(source, step, context);
      const isUnpacked = source.kind === 'url' && step.unpack === true;
      return { tree: fetched.tree, source: escapePath(fetched.path), ...(isUnpacked && unpacker) };
    }
  }
}

/** The name itself, not a pattern. */
function escapePath(name: string): string {
  return name.replace(/[*?[\\]/g, '\\$&');
}
