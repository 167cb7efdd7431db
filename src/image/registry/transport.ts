// One HTTP exchange: no redirects, no credentials, no retries, those are decided elsewhere. What it adds to node:http is
// proxies, and that silence ends it.

import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { TlsMaterial } from './certificates.ts';
import { chooseProxy, formatProxyAuthorization } from './proxy.ts';
import { TunnelAgent } from './tunnel.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: AsyncIterable<Uint8Array> | Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly url: URL;
  /** To be read or discarded. */
  readonly body: AsyncIterable<Buffer>;
  discard(): void;
}

export interface TransportOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly tls: TlsMaterial;
  readonly isInsecure: boolean;
  /** Nothing moves in either direction for so long: the exchange fails. */
  readonly silenceMs: number;
}

/** The other side, or the way there, failed without an answer. `code` is that of Node's error. */
export class NetworkError extends Error {
  readonly code: string;

  constructor(message: string, code: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

const userAgent = 'tcompose';

/** Holds connections open for the next request; closed when whoever made it is done. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #agents = new Map<string, HttpAgent>();

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  async send(exchange: HttpRequest): Promise<HttpResponse> {
    const { url, method, signal, body } = exchange;
    const headers = { 'user-agent': userAgent, ...exchange.headers };
    const proxy = chooseProxy(url, this.#options.environment);
    const isDirect = proxy === undefined || url.protocol === 'https:';
    const request = isDirect
      ? (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
          method,
          headers,
          signal,
          agent: this.#agent(url, proxy),
        })
      : forwardRequest(proxy, url, { method, headers, signal });
    const watchdog = new Watchdog(request, this.#options.silenceMs, url.host);
    try {
      const answered = waitForResponse(request);
      // Awaited below; a failure while the body is still being sent is not yet anybody's.
      answered.catch(() => undefined);
      await sendBody(request, body, watchdog, answered);
      const response = await answered;
      watchdog.touch();
      return toResponse(response, url, watchdog);
    } catch (error) {
      watchdog.stop();
      request.destroy();
      throw watchdog.failure ?? toNetworkError(error, url.host);
    }
  }

  /** A tunnel through the proxy for https, else directly. */
  #agent(url: URL, proxy: URL | undefined): HttpAgent {
    const key = `${url.protocol} ${proxy?.href ?? ''}`;
    const found = this.#agents.get(key);
    if (found) return found;
    const { tls, isInsecure } = this.#options;
    const options = { keepAlive: true, ...tls, ca: tls.ca && [...tls.ca], rejectUnauthorized: !isInsecure };
    const secure = { ...options, cert: tls.cert && [...tls.cert], key: tls.key && [...tls.key] };
    const agent =
      url.protocol === 'http:'
        ? new HttpAgent({ keepAlive: true })
        : proxy
          ? new TunnelAgent(proxy, secure)
          : new HttpsAgent(secure);
    this.#agents.set(key, agent);
    return agent;
  }
}

/** Plain HTTP through a proxy: the proxy is asked for the whole URL. */
function forwardRequest(
  proxy: URL,
  url: URL,
  options: { method: string; headers: Record<string, string>; signal: AbortSignal | undefined },
): ClientRequest {
  const authorization = formatProxyAuthorization(proxy);
  const send = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
  return send({
    host: proxy.hostname,
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    path: url.href,
    method: options.method,
    signal: options.signal,
    headers: {
      ...options.headers,
      host: url.host,
      ...(authorization ? { 'proxy-authorization': authorization } : {}),
    },
  });
}

function waitForResponse(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve);
    request.on('error', reject);
  });
}

/** An answer before the end of the body (a refusal, mostly) ends the sending. */
async function sendBody(
  request: ClientRequest,
  body: HttpRequest['body'],
  watchdog: Watchdog,
  answered: Promise<unknown>,
): Promise<void> {
  if (body === undefined || body instanceof Uint8Array) {
    request.end(body);
    return;
  }
  let isAnswered = false;
  const stop = answered.then(
    () => {
      isAnswered = true;
    },
    () => {
      isAnswered = true;
    },
  );
  for await (const chunk of body) {
    if (isAnswered) break;
    watchdog.touch();
    const flushed = new Promise<void>((resolve) => request.once('drain', resolve));
    if (!request.write(chunk)) await Promise.race([flushed, stop]);
  }
  request.end();
}

function toResponse(message: IncomingMessage, url: URL, watchdog: Watchdog): HttpResponse {
  async function* read(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of message) {
        watchdog.touch();
        yield chunk;
        watchdog.touch();
      }
    } catch (error) {
      throw watchdog.failure ?? toNetworkError(error, url.host);
    } finally {
      watchdog.stop();
    }
  }
  return {
    status: message.statusCode ?? 0,
    headers: message.headers,
    url,
    body: read(),
    discard() {
      watchdog.stop();
      // A short rest is read, so that the connection can be used again; a long one is cut off.
      if (Number(message.headers['content-length'] ?? 0) <= 65_536) message.resume();
      else message.destroy();
    },
  };
}

/** Ends a request during which nothing has moved for too long. */
class Watchdog {
  failure: NetworkError | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(request: ClientRequest, silenceMs: number, host: string) {
    this.#timer = setTimeout(() => {
      this.failure = new NetworkError(`${host} has not answered for ${silenceMs / 1000} s`, 'ETIMEDOUT');
      request.destroy(this.failure);
    }, silenceMs);
    request.on('socket', (socket) => {
      socket.once('connect', () => this.touch());
    });
  }

  touch(): void {
    this.#timer.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

function toNetworkError(error: unknown, host: string): unknown {
  if (error instanceof NetworkError) return error;
  const { code = '', name, message } = error as NodeJS.ErrnoException;
  if (name === 'AbortError') return error;
  return new NetworkError(`${host}: ${message}`, code, error);
}
