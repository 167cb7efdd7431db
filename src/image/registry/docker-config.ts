// ~/.docker/config.json, as far as it concerns credentials. Pure; other members are kept when it is written.

import { TcError } from '../../base/error.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** An OAuth refresh token, instead of a password. */
  readonly identityToken?: string;
}

export interface DockerConfig {
  /** By server, as written there: `https://index.docker.io/v1/`, `ghcr.io`, `localhost:5000`. */
  readonly auths: ReadonlyMap<string, Credentials>;
  /** Helper for everything, without the prefix `docker-credential-`. */
  readonly credsStore?: string;
  readonly credHelpers: ReadonlyMap<string, string>;
  /** The whole file. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** Docker files the credentials of its Hub under the address of its first API. */
const dockerHubServer = 'https://index.docker.io/v1/';

export const emptyDockerConfig: DockerConfig = { auths: new Map(), credHelpers: new Map(), raw: {} };

export function parseDockerConfig(text: string, path: string): DockerConfig {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw malformedConfig(path, 'it is not JSON', cause);
  }
  if (!isObject(raw)) throw malformedConfig(path, 'it is not an object');
  const auths = new Map<string, Credentials>();
  for (const [server, value] of Object.entries(isObject(raw['auths']) ? raw['auths'] : {})) {
    const credentials = parseAuth(value, server, path);
    if (credentials) auths.set(server, credentials);
  }
  const helpers = Object.entries(isObject(raw['credHelpers']) ? raw['credHelpers'] : {});
  const store = raw['credsStore'];
  return {
    auths,
    ...(typeof store === 'string' && store !== '' ? { credsStore: parseHelper(store, path) } : {}),
    credHelpers: new Map(helpers.map(([server, helper]) => [server, parseHelper(helper, path)])),
    raw,
  };
}

/** It becomes part of a program's name. */
function parseHelper(value: unknown, path: string): string {
  if (typeof value === 'string' && /^[\w.-]+$/.test(value)) return value;
  throw malformedConfig(path, `${JSON.stringify(value)} is not the name of a credential helper`);
}

/** With a helper in use, `auths` holds empty entries: they say only where somebody logged in. */
function parseAuth(value: unknown, server: string, path: string): Credentials | undefined {
  if (!isObject(value)) return undefined;
  const { auth, username, password, identitytoken } = value;
  const token =
    typeof identitytoken === 'string' && identitytoken !== '' ? { identityToken: identitytoken } : {};
  if (typeof auth === 'string' && auth !== '') {
    const pair = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '');
    const colon = pair.indexOf(':');
    if (colon < 0)
      throw malformedConfig(path, `the credentials of ${server} are not base64 of USER:PASSWORD`);
    return { username: pair.slice(0, colon), password: pair.slice(colon + 1), ...token };
  }
  if (typeof username === 'string' && typeof password === 'string') return { username, password, ...token };
  return 'identityToken' in token ? { username: '', password: '', ...token } : undefined;
}

/** How `host` may be written as a server, in the order of looking. */
function spellings(host: string): string[] {
  if (host === 'docker.io') return [dockerHubServer, 'docker.io', 'index.docker.io', 'registry-1.docker.io'];
  return [host, `https://${host}`, `http://${host}`];
}

/** The server's key in a file or helper: the same as Docker's, so that either finds the other's. */
export function serverKey(host: string): string {
  return host === 'docker.io' ? dockerHubServer : host;
}

export function findHelper(config: DockerConfig, host: string): string | undefined {
  for (const server of spellings(host)) {
    const helper = config.credHelpers.get(server);
    if (helper) return helper;
  }
  return config.credsStore;
}

export function findCredentials(config: DockerConfig, host: string): Credentials | undefined {
  for (const server of spellings(host)) {
    const credentials = config.auths.get(server);
    if (credentials) return credentials;
  }
  // Old clients wrote whole URLs: https://host/v1/.
  const entry = [...config.auths].find(
    ([server]) => server.replace(/^https?:\/\//, '').split('/')[0] === host,
  );
  return entry?.[1];
}

/** The file with the credentials of a server put in, or taken out when there are none. */
export function formatDockerConfig(
  config: DockerConfig,
  host: string,
  credentials: Credentials | undefined,
): string {
  const before = isObject(config.raw['auths']) ? config.raw['auths'] : {};
  const others = Object.entries(before).filter(([server]) => !spellings(host).includes(server));
  const auths = Object.fromEntries(
    credentials ? [...others, [serverKey(host), formatAuth(credentials)]] : others,
  );
  return `${JSON.stringify({ ...config.raw, auths }, undefined, '\t')}\n`;
}

function formatAuth({ username, password, identityToken }: Credentials): Record<string, string> {
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  return identityToken ? { auth, identitytoken: identityToken } : { auth };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformedConfig(path: string, why: string, cause?: unknown): TcError {
  return new TcError(`${path}: ${why}`, {
    code: 'malformed-docker-config',
    hints: ['mend the file, or set DOCKER_CONFIG to another directory'],
    cause,
  });
}
