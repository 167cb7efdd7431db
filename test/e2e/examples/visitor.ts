// Somebody with a browser, as far as a server can tell: cookies, and one connection for as long as it is kept.

import { Agent, type IncomingMessage, request } from 'node:http';

export interface Page {
  readonly status: number;
  readonly text: string;
}

export class Visitor {
  readonly #site: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #cookies = new Map<string, string>();

  constructor(site: string) {
    this.#site = site;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Page> {
    return this.#ask('GET', path, headers);
  }

  /** A form, filled in. */
  post(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Page> {
    const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
    return this.#ask('POST', path, { ...type, ...headers }, new URLSearchParams(fields).toString());
  }

  /** Closes the connection. */
  leave(): void {
    this.#agent.destroy();
  }

  async #ask(method: string, path: string, headers: Record<string, string>, body = ''): Promise<Page> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const length = method === 'POST' ? { 'Content-Length': `${Buffer.byteLength(body)}` } : {};
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request(`${this.#site}${path}`, {
        agent: this.#agent,
        method,
        headers: { ...headers, ...length, ...(cookie === '' ? {} : { Cookie: cookie }) },
      })
        .on('response', resolve)
        .on('error', reject)
        .end(body);
    });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    let text = '';
    for await (const chunk of answer.setEncoding('utf8')) text += chunk;
    return { status: answer.statusCode ?? 0, text };
  }
}
