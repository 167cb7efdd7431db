// `login` and `logout`: credentials are tried before they are kept.

import { TcError } from '../../base/error.ts';
import { eraseCredentials, readCredentials, storeCredentials } from './credentials.ts';
import type { Credentials } from './docker-config.ts';
import { Registry } from './registry.ts';
import type { RegistrySettings } from './settings.ts';

export interface LoginRequest {
  /** `docker.io`, `ghcr.io`, `localhost:5000`. */
  readonly host: string;
  /** Undefined: those that are kept are tried again. */
  readonly credentials?: Credentials;
  readonly signal?: AbortSignal;
}

export async function logIn(settings: RegistrySettings, request: LoginRequest): Promise<void> {
  const { host, signal } = request;
  const credentials = request.credentials ?? (await readCredentials(host, settings.environment));
  if (!credentials) {
    throw new TcError(`no credentials are kept for ${host}`, {
      code: 'no-credentials',
      hints: ['give a user name and a password'],
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
  } finally {
    registry.close();
  }
  if (request.credentials) await storeCredentials(host, credentials, settings.environment);
}

/** False: there was nothing to forget. */
export async function logOut(settings: RegistrySettings, host: string): Promise<boolean> {
  const had = (await readCredentials(host, settings.environment)) !== undefined;
  await eraseCredentials(host, settings.environment);
  return had;
}
