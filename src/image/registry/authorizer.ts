// Answers to a registry's challenges: tokens by scope, kept while they are valid, or basic authentication.

import { TcError } from '../../base/error.ts';
import type { Challenge } from './challenge.ts';
import type { Credentials } from './docker-config.ts';
import type { Endpoint } from './endpoint.ts';
import { describeRefusal, readDocument } from './response.ts';
import type { HttpRequest, HttpResponse } from './transport.ts';

export interface AuthorizerParts {
  readonly endpoint: Endpoint;
  readonly credentials: () => Promise<Credentials | undefined>;
  readonly send: (request: HttpRequest) => Promise<HttpResponse>;
}

interface Token {
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/** Tokens are renewed when they have less than this left. */
const marginMs = 10_000;
/** What the specification says of an answer without expires_in. */
const defaultLifeSeconds = 60;
const clientId = 'tcompose';

export class Authorizer {
  readonly #parts: AuthorizerParts;
  readonly #tokens = new Map<string, Promise<Token>>();
  #basic: string | undefined;
  #bearer: Challenge | undefined;

  constructor(parts: AuthorizerParts) {
    this.#parts = parts;
  }

  /** Value of Authorization for a request that needs `scopes`, as far as the registry has asked for one. */
  async header(scopes: readonly string[]): Promise<string | undefined> {
    if (this.#basic !== undefined) return this.#basic;
    if (this.#bearer === undefined) return undefined;
    const token = await this.#token(this.#bearer, scopes);
    return `Bearer ${token.value}`;
  }

  /** Takes in what a 401 asks for. False: there is nothing more to answer with. */
  async accept(
    challenges: readonly Challenge[],
    scopes: readonly string[],
    sent: string | undefined,
  ): Promise<boolean> {
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer) {
      // A token that was refused is not shown again; the one that replaces it is the last attempt.
      this.#tokens.delete(scopes.join(' '));
      this.#bearer = bearer;
      return true;
    }
    if (!challenges.some(({ scheme }) => scheme === 'basic') || sent?.startsWith('Basic ')) return false;
    const credentials = await this.#parts.credentials();
    if (!credentials) return false;
    this.#basic = formatBasic(credentials);
    return true;
  }

  #token(challenge: Challenge, scopes: readonly string[]): Promise<Token> {
    const key = scopes.join(' ');
    const known = this.#tokens.get(key);
    const fresh = (known ?? this.#fetchToken(challenge, scopes)).then((token) =>
      token.expires - Date.now() > marginMs ? token : this.#fetchToken(challenge, scopes),
    );
    fresh.catch(() => this.#tokens.delete(key));
    this.#tokens.set(key, fresh);
    return fresh;
  }

  async #fetchToken(challenge: Challenge, scopes: readonly string[]): Promise<Token> {
    const { endpoint, credentials: read, send } = this.#parts;
    const realm = parseRealm(challenge.parameters['realm'], endpoint);
    const credentials = await read();
    const service = challenge.parameters['service'];
    const request = credentials?.identityToken
      ? refreshRequest(realm, service, scopes, credentials.identityToken)
      : plainRequest(realm, service, scopes, credentials);
    const what = `a token for ${endpoint.host}`;
    const response = await send(request);
    if (response.status !== 200) throw await describeRefusal(response, what);
    return parseToken(await readDocument(response, what), what);
  }
}

function formatBasic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/**
 * Credentials go to the realm, wherever the registry says it is: so only over TLS, except from a registry that is itself
 * reached without, to the same host.
 */
function parseRealm(text: string | undefined, endpoint: Endpoint): URL {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  const isSameHost = url?.hostname === new URL(endpoint.base).hostname;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && endpoint.isInsecure && isSameHost))
    return url;
  throw new TcError(`${endpoint.host} sends its users to ${JSON.stringify(text)} for a token`, {
    code: 'untrusted-realm',
    kind: 'environment',
    hints: ['credentials are sent over https only; nothing was sent'],
  });
}

function plainRequest(
  realm: URL,
  service: string | undefined,
  scopes: readonly string[],
  credentials: Credentials | undefined,
): HttpRequest {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (!credentials) return { method: 'GET', url, headers: {} };
  url.searchParams.set('account', credentials.username);
  return { method: 'GET', url, headers: { authorization: formatBasic(credentials) } };
}

/** An identity token is an OAuth refresh token (distribution, "Oauth2 Token Authentication"). */
function refreshRequest(
  realm: URL,
  service: string | undefined,
  scopes: readonly string[],
  identityToken: string,
): HttpRequest {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: identityToken,
    scope: scopes.join(' '),
    ...(service === undefined ? {} : { service }),
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return { method: 'POST', url: realm, headers, body: Buffer.from(form.toString()) };
}

function parseToken(bytes: Buffer, what: string): Token {
  let answer: Record<string, unknown> = {};
  try {
    answer = JSON.parse(bytes.toString('utf8')) ?? {};
  } catch {
    // Told below: there is no token in it.
  }
  const value = answer['token'] ?? answer['access_token'];
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) {
    throw new TcError(`${what}: the answer holds none`, { code: 'registry-error', kind: 'environment' });
  }
  const { expires_in: life } = answer;
  const seconds = typeof life === 'number' && life > 0 ? life : defaultLifeSeconds;
  return { value, expires: Date.now() + seconds * 1000 };
}
