// registry tags: what a repository has.

import type { AppContext } from '../context.ts';

export async function registryTags(context: AppContext, repository: string): Promise<readonly string[]> {
  const { registry } = await context.engine('read');
  return (await registry.tags(repository, context.interrupted)).toSorted();
}
