// Requests to one endpoint of a registry: its base URL, authorization, and redirects, which never take credentials along
// to another host.

import { TcError } from '../../base/error.ts';
import { Authorizer } from './authorizer.ts';
import { defaultCertificateDirectories, readTlsMaterial } from './certificates.ts';
import { parseChallenges } from './challenge.ts';
import { readCredentials } from './credentials.ts';
import type { Credentials } from './docker-config.ts';
import { type Endpoint, isInsecureHost } from './endpoint.ts';
import type { RegistrySettings } from './settings.ts';
import { type HttpRequest, type HttpResponse, Transport } from './transport.ts';

export interface RegistryRequest {
  readonly method: string;
  /** `/v2/...`, or an absolute URL that the registry gave. */
  readonly target: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called for each attempt. */
  readonly body?: () => AsyncIterable<Uint8Array> | Uint8Array;
  /** `repository:library/mysql:pull`. */
  readonly scopes: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

const defaultSilenceMs = 60_000;
const mostRedirects = 5;
const redirects = new Set([301, 302, 303, 307, 308]);

export class Connection {
  readonly endpoint: Endpoint;
  readonly #settings: RegistrySettings;
  readonly #transports = new Map<string, Promise<Transport>>();
  readonly #authorizer: Authorizer;

  /** `credentials`: instead of those that are filed under the endpoint's host. */
  constructor(endpoint: Endpoint, settings: RegistrySettings, credentials?: Credentials) {
    this.endpoint = endpoint;
    this.#settings = settings;
    let known: Promise<Credentials | undefined> | undefined;
    this.#authorizer = new Authorizer({
      endpoint,
      credentials: () => {
        known ??= credentials
          ? Promise.resolve(credentials)
          : readCredentials(endpoint.host, settings.environment);
        return known;
      },
      send: (request) => this.#exchange(request),
    });
  }

  close(): void {
    for (const transport of this.#transports.values())
      transport.then((open) => open.close()).catch(() => undefined);
  }

  /** Any status but a 401 that can be answered, and redirects of GET and HEAD. */
  async request(request: RegistryRequest): Promise<HttpResponse> {
    const url = this.#resolve(request.target);
    const isOurs = url.origin === new URL(this.endpoint.base).origin;
    if (!isOurs) return this.#follow(request, url, undefined);
    const authorization = await this.#authorizer.header(request.scopes);
    const response = await this.#follow(request, url, authorization);
    if (response.status !== 401) return response;
    const challenges = parseChallenges(response.headers['www-authenticate'] ?? '');
    if (!(await this.#authorizer.accept(challenges, request.scopes, authorization))) return response;
    response.discard();
    return this.#follow(request, url, await this.#authorizer.header(request.scopes));
  }

  #resolve(target: string | URL): URL {
    return typeof target === 'string' ? new URL(this.endpoint.base + target) : target;
  }

  async #follow(
    request: RegistryRequest,
    start: URL,
    authorization: string | undefined,
  ): Promise<HttpResponse> {
    let url = start;
    for (let hops = 0; ; hops++) {
      const isSameHost = url.origin === start.origin;
      const response = await this.#exchange({
        method: request.method,
        url,
        headers: { ...request.headers, ...(authorization && isSameHost ? { authorization } : {}) },
        ...(request.body ? { body: request.body() } : {}),
        signal: request.signal,
      });
      const { location } = response.headers;
      const isRedirect =
        redirects.has(response.status) && (request.method === 'GET' || request.method === 'HEAD');
      if (!isRedirect || location === undefined) return response;
      response.discard();
      if (hops === mostRedirects) throw badRedirect(this.endpoint, 'it redirects in a circle');
      url = this.#checkRedirect(location, url);
    }
  }

  #checkRedirect(location: string, from: URL): URL {
    if (!URL.canParse(location, from.href)) throw badRedirect(this.endpoint, 'it redirects to nowhere');
    const url = new URL(location, from);
    if (url.protocol === 'https:') return url;
    if (url.protocol === 'http:' && from.protocol === 'http:') return url;
    throw badRedirect(this.endpoint, `it redirects from ${from.protocol}// to ${url.protocol}//${url.host}`);
  }

  async #exchange(request: HttpRequest): Promise<HttpResponse> {
    const { host } = request.url;
    let transport = this.#transports.get(host);
    if (!transport) {
      transport = this.#openTransport(host);
      this.#transports.set(host, transport);
    }
    return (await transport).send(request);
  }

  async #openTransport(host: string): Promise<Transport> {
    const {
      environment,
      insecure = [],
      certificates = defaultCertificateDirectories,
      silenceMs,
    } = this.#settings;
    const isOurs = host === new URL(this.endpoint.base).host;
    const tls = await readTlsMaterial(isOurs ? this.endpoint.host : host, certificates);
    const isInsecure = isOurs ? this.endpoint.isInsecure : isInsecureHost(host, insecure);
    return new Transport({
      environment,
      tls,
      // Whoever put an authority there wants it to be heeded.
      isInsecure: isInsecure && tls.ca === undefined,
      silenceMs: silenceMs ?? defaultSilenceMs,
    });
  }
}

function badRedirect(endpoint: Endpoint, why: string): TcError {
  return new TcError(`${endpoint.host}: ${why}`, {
    code: 'registry-redirect',
    kind: 'environment',
    hints: ['the registry, or a proxy before it, is misconfigured'],
  });
}
