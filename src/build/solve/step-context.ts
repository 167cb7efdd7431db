// What a step is solved in, and what the kinds of steps share.

import type { LayerStack, StackedLayer } from '../../image/build-store.ts';
import type { Platform } from '../../image/platform.ts';
import { archiveEntries, digestEntries } from '../copy/layer-archive.ts';
import type { LayerEntry } from '../copy/layer-entry.ts';
import type { AccountTexts } from '../copy/owner.ts';
import { resolvePath } from '../tree/resolve-path.ts';
import type { Tree } from '../tree/tree.ts';
import type { StepText } from './event.ts';
import { keyOf } from './key.ts';
import type { StageSolver } from './stage-solver.ts';

export interface StepContext {
  readonly solver: StageSolver;
  readonly below: LayerStack;
  /** Of the commands below: one that is another is followed by others, also where its files are the same. */
  readonly lineage: string | undefined;
  readonly useCache: boolean;
  readonly stage: string;
  /** What the programs of the stage are made for. */
  readonly programs: Platform;
}

/** The image as it is before the step. */
export async function openRoot({ solver, below }: StepContext): Promise<Tree> {
  return (await solver.workshop.openLayers(below, 'the image')).tree;
}

/** Seconds. */
export function now({ solver }: StepContext): number {
  return solver.epoch ?? Math.floor(Date.now() / 1000);
}

/** `keys`: others that the layer is known by. */
export async function storeEntries(
  entries: readonly LayerEntry[],
  context: StepContext,
  step: StepText,
  keys: readonly string[],
): Promise<StackedLayer> {
  const { solver, below, useCache } = context;
  const { workshop, epoch } = solver;
  const content = await digestEntries(entries, workshop.digests(context));
  return workshop.solve({
    step,
    below,
    useCache,
    imported: solver.imported,
    keys: [
      keyOf(
        'files',
        below.map(({ diffId }) => diffId),
        content,
        epoch,
      ),
      ...keys,
    ],
    make: () => workshop.store.add(archiveEntries(entries, epoch), step.title, below),
  });
}

export async function readAccounts(root: Tree): Promise<AccountTexts> {
  return { passwd: await readText(root, 'etc/passwd'), group: await readText(root, 'etc/group') };
}

/** An image's accounts are a few kilobytes; what is larger is not read. */
const accountLimit = 8 * 1024 * 1024;

async function readText(root: Tree, path: string): Promise<string> {
  const { entry } = await resolvePath(root, path, { followLast: true });
  if (entry?.type !== 'file' || entry.size > accountLimit) return '';
  const chunks: Uint8Array[] = [];
  for await (const chunk of root.read(entry)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
