// logout: forgetting the credentials of a registry.

import type { AppContext } from '../context.ts';
import { noDryRun } from './host.ts';

/** False: there was nothing to forget. */
export async function logout(context: AppContext, host: string): Promise<boolean> {
  if (context.dryRun) throw noDryRun('logout');
  const { registry } = await context.engine('read');
  return registry.logOut(host);
}
