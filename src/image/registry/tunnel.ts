// An agent whose TLS connections go through a proxy that CONNECTs them.

import { request as httpRequest } from 'node:http';
import { Agent, type AgentOptions, request as httpsRequest, type RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { formatProxyAuthorization } from './proxy.ts';

type Done = (error: Error | null, stream: Duplex) => void;

export class TunnelAgent extends Agent {
  readonly #proxy: URL;

  constructor(proxy: URL, options: AgentOptions) {
    super(options);
    this.#proxy = proxy;
  }

  /** Called by node:http for every new connection; it takes the socket by the callback. */
  override createConnection(options: RequestOptions, done?: Done): undefined {
    const fail = (error: Error) => done?.(error, undefined as never);
    const target = `${options.host}:${options.port}`;
    const authorization = formatProxyAuthorization(this.#proxy);
    const send = this.#proxy.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send({
      host: this.#proxy.hostname,
      port: this.#proxy.port || (this.#proxy.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...(authorization ? { 'proxy-authorization': authorization } : {}) },
    });
    request.on('error', fail);
    request.on('connect', (response, socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        const error: NodeJS.ErrnoException = new Error(
          `the proxy ${this.#proxy.host} answered ${response.statusCode} to CONNECT ${target}`,
        );
        error.code = 'EPROXY';
        fail(error);
        return;
      }
      done?.(null, connectTls({ ...(options as ConnectionOptions), socket }));
    });
    request.end();
    return undefined;
  }
}
