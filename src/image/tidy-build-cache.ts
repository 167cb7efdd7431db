// After a build: gives up what no build has used for long.

import { rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectories } from './content/durable.ts';
import type { StoreContext } from './context.ts';
import type { ImageUse } from './remove.ts';

const day = 24 * 60 * 60 * 1000;
/** Docker keeps by size; here an image's layers are kept with it, and what else was built is mostly never asked for again. */
const lifeMs = 30 * day;

/** Once a day. Nothing if somebody works with the store. */
export async function tidyBuildCache(context: StoreContext, uses: () => readonly ImageUse[]): Promise<void> {
  const mark = join(dirname(context.layout.buildSteps), 'tidied');
  const last = statSync(mark, { throwIfNoEntry: false });
  if (last && Date.now() - last.mtimeMs < day) return;
  makeDirectories([dirname(mark)]);
  rmSync(mark, { force: true });
  writeFileSync(mark, '');
  // The first build has nothing behind it.
  if (!last) return;
  const { pruneBuildCache } = await import('./prune-build-cache.ts');
  await pruneBuildCache(context, { uses: uses(), until: Date.now() - lifeMs });
}
