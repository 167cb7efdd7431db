// `login` and `logout`: credentials are tried before they are kept.

import { TcError } from '../../base/error.ts';
import { eraseCredentials, readCredentials, storeCredentials } from './credentials.ts';
import type { Credentials } from './docker-config.ts';
import { Registry } from './registry.ts';
import { RegistryError } from './response.ts';
import type { RegistrySettings } from './settings.ts';

export interface LoginRequest {
  /** `docker.io`, `ghcr.io`, `localhost:5000`. */
  readonly host: string;
  /** Undefined: those that are kept are tried again. */
  readonly credentials?: Credentials;
  readonly signal?: AbortSignal;
}

export interface LoggedIn {
  readonly username: string;
  /** The file where the credentials are now, readable to whoever can read the file; absent if a helper keeps them. */
  readonly plainFile?: string;
}

export async function logIn(settings: RegistrySettings, request: LoginRequest): Promise<LoggedIn> {
  const { host, signal } = request;
  const credentials = request.credentials ?? (await readCredentials(host, settings.environment));
  if (!credentials) {
    throw new TcError(`no credentials are kept for ${host}`, {
      code: 'no-credentials',
      hints: [`log in with: tcompose login ${host} -u USER --password-stdin`],
    });
  }
  const registry = new Registry(host, { settings, use: 'push', credentials, signal });
  try {
    const response = await registry.ask({
      what: `login to ${host}`,
      method: 'GET',
      target: '/v2/',
      scopes: [],
      accept: [200],
    });
    response.discard();
  } catch (error) {
    throw describeLoginError(error, host);
  } finally {
    registry.close();
  }
  const { username } = credentials;
  const plainFile = request.credentials && (await storeCredentials(host, credentials, settings.environment));
  return { username, ...(plainFile ? { plainFile } : {}) };
}

function describeLoginError(error: unknown, host: string): unknown {
  if (!(error instanceof RegistryError) || (error.status !== 401 && error.status !== 403)) return error;
  return new TcError(`${host} does not accept these credentials`, {
    code: 'login-refused',
    hints: [
      'check the user name and the password; many registries want an access token in place of the password',
    ],
    cause: error,
  });
}

/** False: there was nothing to forget. */
export async function logOut(settings: RegistrySettings, host: string): Promise<boolean> {
  const had = (await readCredentials(host, settings.environment)) !== undefined;
  await eraseCredentials(host, settings.environment);
  return had;
}
