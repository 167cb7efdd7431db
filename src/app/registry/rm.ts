// registry rm: images go from a registry.

import type { AppContext } from '../context.ts';
import { eachOf, type Results } from '../image/each.ts';

export interface RemovedManifest {
  readonly reference: string;
  readonly digest: string;
}

/** Undefined: the user said no, or a dry run. */
export async function registryRm(
  context: AppContext,
  references: readonly string[],
  confirm: () => Promise<boolean>,
): Promise<Results<RemovedManifest> | undefined> {
  const { registry } = await context.engine('read');
  if (context.dryRun || !(await confirm())) return undefined;
  return eachOf(references, async (reference) => ({
    reference,
    digest: await registry.remove(reference, context.interrupted),
  }));
}
