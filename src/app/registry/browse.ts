// registry ls, tags and rm: what a registry has.

import type { AppContext } from '../context.ts';
import { eachOf, type Results } from '../image/each.ts';

/** Repositories, as `pull` takes them. */
export async function registryLs(context: AppContext, host: string): Promise<readonly string[]> {
  const { registry } = await context.engine('read');
  const names = await registry.repositories(host, context.interrupted);
  return names.map((name) => `${host}/${name}`).sort();
}

export async function registryTags(context: AppContext, repository: string): Promise<readonly string[]> {
  const { registry } = await context.engine('read');
  return (await registry.tags(repository, context.interrupted)).toSorted();
}

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
