// login and logout: whether a registry takes the credentials, and keeping or forgetting them.

import { TcError } from '../../base/error.ts';
import type { LoggedIn } from '../../engine/ports.ts';
import type { AppContext } from '../context.ts';

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

/** False: there was nothing to forget. */
export async function logout(context: AppContext, host: string): Promise<boolean> {
  if (context.dryRun) throw noDryRun('logout');
  const { registry } = await context.engine('read');
  return registry.logOut(host);
}

/** As users and old clients write a registry: with a scheme, a path, or the address of Docker's first API. */
export function parseRegistryHost(text: string | undefined): string {
  const host = (text ?? 'docker.io').replace(/^https?:\/\//, '').split('/')[0] ?? '';
  if (host === '' || /\s|@/.test(host)) {
    throw new TcError(`"${text}" is not the host of a registry`, {
      code: 'usage',
      exitCode: 2,
      hints: ['write HOST or HOST:PORT, for example ghcr.io or localhost:5000'],
    });
  }
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
}

function noDryRun(verb: string): TcError {
  return new TcError(`${verb} has no dry run: whether credentials are good only the registry knows`, {
    code: 'usage',
    exitCode: 2,
  });
}
