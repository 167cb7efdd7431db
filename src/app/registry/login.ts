// login: whether a registry takes the credentials, and keeping them.

import type { LoggedIn } from '../../engine/ports.ts';
import type { AppContext } from '../context.ts';
import { noDryRun } from './host.ts';

export interface Account {
  readonly username: string;
  readonly password: string;
}

/** Without an account, the one that is kept is tried again. */
export async function login(context: AppContext, host: string, account?: Account): Promise<LoggedIn> {
  if (context.dryRun) throw noDryRun('login');
  const { registry } = await context.engine('read');
  return registry.logIn(host, account, context.interrupted);
}
