// COPY and ADD: what they put where, and a layer of it.

import { TcError } from '../../base/error.ts';
import type { StackedLayer } from '../../image/build-store.ts';
import { chainOf } from '../../image/build-store.ts';
import { parseChmod } from '../copy/chmod.ts';
import { digestEntries } from '../copy/layer-archive.ts';
import { LayerDraft } from '../copy/layer-draft.ts';
import { resolveOwner } from '../copy/owner.ts';
import { type CopyOrder, planCopy } from '../copy/plan-copy.ts';
import type { CopySource, CopyStep } from '../stage/step.ts';
import { emptyTree, inlineTree } from '../tree/inline-tree.ts';
import { resolvePath } from '../tree/resolve-path.ts';
import type { Tree } from '../tree/tree.ts';
import { checkIgnored } from './check-ignored.ts';
import { keyOf } from './key.ts';
import type { OpenedSource } from './opened-source.ts';
import { now, openRoot, readAccounts, type StepContext, storeEntries } from './step-context.ts';
import { unpackArchive } from './unpack-archive.ts';

export async function solveCopy(step: CopyStep, context: StepContext): Promise<StackedLayer> {
  const { solver, below, useCache } = context;
  const { workshop } = solver;
  const text = workshop.nextStep(solver.request.name, step.title);
  const source = await solver.open(step.from);
  for (const each of step.sources) {
    if (each.kind === 'path') await checkIgnored(each.path, step, source.tree, solver.checks);
  }
  const key = await identify(step, context, source);
  const keys = key === undefined ? [] : [key];
  // The image below need not be mounted, if this was done on it before.
  const known = await workshop.lookUp({ step: text, keys, below, useCache, imported: solver.imported });
  if (known) return known;
  const draft = await planSources(step, context, source.tree);
  return storeEntries(draft.list(), context, text, keys);
}

/** What is copied, how, and onto what. Undefined: it is known only when it was fetched. */
async function identify(
  step: CopyStep,
  context: StepContext,
  { tree, identity }: OpenedSource,
): Promise<string | undefined> {
  const { solver, below } = context;
  if (step.sources.some(({ kind }) => kind === 'url' || kind === 'git')) return undefined;
  const { at: _, title: __, createdBy: ___, ...what } = step;
  // What comes from layers need not be looked at.
  const content = identity ?? (await digestSources(step, context, tree));
  if (content === undefined) return undefined;
  return keyOf('copy', chainOf(below).at(-1), content, what, solver.epoch);
}

/** Undefined: something is wrong with them, which the copy itself will tell. */
async function digestSources(
  { sources, exclude, parents, destination }: CopyStep,
  context: StepContext,
  tree: Tree,
): Promise<string | undefined> {
  const draft = new LayerDraft('the context', emptyTree);
  const order = { draft, tree, destination, exclude, parents, now: 0 };
  try {
    for (const source of sources) {
      // The text of the others is part of the step.
      if (source.kind === 'path') await planCopy({ ...order, source: source.path });
    }
  } catch (error) {
    if (error instanceof TcError) return undefined;
    throw error;
  }
  return digestEntries(draft.list(), context.solver.workshop.digests(context));
}

async function planSources(step: CopyStep, context: StepContext, tree: Tree): Promise<LayerDraft> {
  const root = await openRoot(context);
  const chmod = step.chmod === undefined ? undefined : parseChmod(step.chmod);
  const owner = step.chown === undefined ? undefined : resolveOwner(step.chown, await readAccounts(root));
  // A linked layer knows nothing of what it will stand on.
  const draft = new LayerDraft('the image', step.isLink ? emptyTree : root);
  await requireDirectory(step, draft);
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
    await planCopy({ ...order, ...(await locate(source, step, context, tree)) });
  }
  return draft;
}

/** BuildKit lets the last of several sources win where there is no directory. Nobody means that. */
async function requireDirectory({ sources, destination, instruction }: CopyStep, draft: LayerDraft) {
  if (sources.length <= 1 || destination.endsWith('/')) return;
  const { entry } = await resolvePath(draft, destination, { followLast: true });
  if (entry?.type === 'directory') return;
  throw new TcError(
    `${instruction} with several sources needs a directory, and ${destination} is none: end its name with a slash`,
    { code: 'build-destination' },
  );
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
      const { fetchRemote } = await import('./fetch-remote.ts');
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
