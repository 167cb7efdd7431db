// registry ls: the repositories of a registry, as `pull` takes them.

import type { AppContext } from '../context.ts';

export async function registryLs(context: AppContext, host: string): Promise<readonly string[]> {
  const { registry } = await context.engine('read');
  const names = await registry.repositories(host, context.interrupted);
  return names.map((name) => `${host}/${name}`).sort();
}
