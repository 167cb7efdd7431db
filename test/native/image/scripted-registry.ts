// A registry on loopback that behaves as the test says: it serves an image honestly but for what `rules` take over.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Blob, FixtureImage } from './fixture-image.ts';
import { imageBlobs } from './fixture-image.ts';

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

/** True: the rule has answered, or hangs. */
export type Rule = (request: Seen, response: ServerResponse, count: number) => boolean;

export class ScriptedRegistry {
  readonly seen: Seen[] = [];
  readonly #server: Server;
  readonly #blobs = new Map<string, Blob>();
  readonly #tags = new Map<string, Blob>();
  #rules: readonly Rule[] = [];

  private constructor(tls: { key: Buffer; cert: Buffer } | undefined) {
    const handle = (request: IncomingMessage, response: ServerResponse) => this.#handle(request, response);
    this.#server = tls ? createTlsServer(tls, handle) : createServer(handle);
  }

  static async start(tls?: { key: Buffer; cert: Buffer }): Promise<ScriptedRegistry> {
    const registry = new ScriptedRegistry(tls);
    registry.#server.listen(0, '127.0.0.1');
    await once(registry.#server, 'listening');
    return registry;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  add(tag: string, image: FixtureImage): void {
    this.addBlobs(imageBlobs(image));
    this.#tags.set(tag, image.manifest);
  }

  addBlobs(blobs: readonly Blob[]): void {
    for (const each of blobs) this.#blobs.set(each.digest, each);
  }

  tag(tag: string, manifest: Blob): void {
    this.#tags.set(tag, manifest);
  }

  script(...rules: readonly Rule[]): void {
    this.#rules = rules;
  }

  /** Requests for a blob, in order. */
  askedFor({ digest }: Blob): Seen[] {
    return this.seen.filter(({ method, url }) => method === 'GET' && url.endsWith(digest));
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const seen = { method: request.method ?? '', url: request.url ?? '', headers: request.headers };
    this.seen.push(seen);
    const count = this.seen.filter(({ url, method }) => url === seen.url && method === seen.method).length;
    if (this.#rules.some((rule) => rule(seen, response, count))) return;
    const last = seen.url.split('/').at(-1) ?? '';
    const found = this.#tags.get(last) ?? this.#blobs.get(last);
    if (found) sendBlob(seen, response, found);
    else
      response
        .writeHead(404, { 'content-type': 'application/json' })
        .end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"unknown"}]}');
  }
}

export function sendBlob({ method, headers }: Seen, response: ServerResponse, found: Blob): void {
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  const body = found.bytes.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    'content-type': found.mediaType,
    'content-length': body.length,
    'docker-content-digest': found.digest,
    ...(from > 0 ? { 'content-range': `bytes ${from}-${found.size - 1}/${found.size}` } : {}),
  });
  response.end(method === 'HEAD' ? undefined : body);
}

export const isBlob = (seen: Seen, blob: Blob) =>
  seen.method === 'GET' && seen.url.endsWith(`/blobs/${blob.digest}`);
export const isManifest = (seen: Seen) => seen.url.includes('/manifests/');
