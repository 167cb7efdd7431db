// One registry as a place with several addresses: mirrors first, then its own, TLS before plain HTTP.

import { TcError } from '../../base/error.ts';
import { Connection, type RegistryRequest } from './connection.ts';
import type { Credentials } from './docker-config.ts';
import { listEndpoints } from './endpoint.ts';
import { describeNetworkError, describeRefusal, isProtocolError, RegistryError } from './response.ts';
import { type Retry, withRetries } from './retry.ts';
import type { RegistrySettings } from './settings.ts';
import { type HttpResponse, NetworkError } from './transport.ts';

export interface RegistryOptions {
  readonly settings: RegistrySettings;
  readonly use: 'pull' | 'push';
  readonly credentials?: Credentials;
  readonly signal?: AbortSignal | undefined;
  readonly onRetry?: ((what: string, retry: Retry) => void) | undefined;
}

export interface Ask extends RegistryRequest {
  /** What is asked for, for messages: `manifest 8 of docker.io/library/mysql`. */
  readonly what: string;
  /** Statuses that are an answer. */
  readonly accept: readonly number[];
}

const defaultRetryDelayMs = 500;
const mostRetries = 5;

export class Registry {
  readonly domain: string;
  readonly #options: RegistryOptions;
  readonly #connections: readonly Connection[];
  /** The first that answered; the ones before it are asked no more. */
  #first = 0;

  constructor(domain: string, options: RegistryOptions) {
    this.domain = domain;
    this.#options = options;
    this.#connections = listEndpoints(domain, options.settings, options.use).map(
      (endpoint) => new Connection(endpoint, options.settings, options.credentials),
    );
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  get signal(): AbortSignal | undefined {
    return this.#options.signal;
  }

  /** The first address that answers as wanted. What a mirror cannot do, the next address may. */
  async ask(ask: Ask): Promise<HttpResponse> {
    for (let at = this.#first; ; at++) {
      const connection = this.#connections[at] as Connection;
      const isLast = at === this.#connections.length - 1;
      try {
        // Where there is another address, that is the better second attempt.
        const response = isLast
          ? await this.retry(ask.what, () => this.#askOnce(connection, ask))
          : await this.#askOnce(connection, ask);
        if (!connection.endpoint.isMirror) this.#first = at;
        return response;
      } catch (error) {
        (ask.signal ?? this.#options.signal)?.throwIfAborted();
        if (isLast || !this.#isWorthMore(error, connection)) {
          throw describeNetworkError(error, ask.what, connection.endpoint.host);
        }
      }
    }
  }

  /** One attempt, at the address that answered last: for what may have happened although it failed. */
  async send(ask: Ask): Promise<HttpResponse> {
    const connection = this.#connections[this.#first] as Connection;
    return this.#askOnce(connection, ask);
  }

  retry<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { signal, onRetry } = this.#options;
    return withRetries(work, {
      policy: this.retryPolicy,
      signal,
      onRetry: (retry) => onRetry?.(what, retry),
    });
  }

  get retryPolicy(): { readonly most: number; readonly delayMs: number } {
    return { most: mostRetries, delayMs: this.#options.settings.retryDelayMs ?? defaultRetryDelayMs };
  }

  onRetry(what: string, retry: Retry): void {
    this.#options.onRetry?.(what, retry);
  }

  async #askOnce(connection: Connection, ask: Ask): Promise<HttpResponse> {
    const response = await connection.request({ ...ask, signal: ask.signal ?? this.#options.signal });
    if (ask.accept.includes(response.status)) return response;
    throw await describeRefusal(response, ask.what);
  }

  /** A mirror may fail in any way. TLS is given up only for a host that does not speak it, or is not there. */
  #isWorthMore(error: unknown, connection: Connection): boolean {
    if (connection.endpoint.isMirror) return error instanceof RegistryError || isNetworkOrMirrorError(error);
    return isProtocolError(error) || (error instanceof NetworkError && error.code === 'ECONNREFUSED');
  }
}

function isNetworkOrMirrorError(error: unknown): boolean {
  return error instanceof NetworkError || (error instanceof TcError && error.kind === 'environment');
}
