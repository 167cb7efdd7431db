// A registry on loopback with images in it, behind a proxy that counts what is asked and can hold bytes back, and
// tcompose run beside it: unlike `Scenario.run`, the proxy in this process goes on answering meanwhile.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FixtureImage } from '../native/image/fixture-image.ts';
import { makeImage, writeLayout } from '../native/image/fixture-image.ts';
import { RegistryServer } from '../native/image/registry-server.ts';
import { Sandbox } from '../native/image/sandbox.ts';
import { executable, type Outcome, type Scenario } from './scenario.ts';

export class RegistryScene {
  readonly sandbox: Sandbox;
  readonly proxy: HoldingProxy;
  readonly #registry: RegistryServer;
  #pushed = 0;

  private constructor(sandbox: Sandbox, registry: RegistryServer, proxy: HoldingProxy) {
    this.sandbox = sandbox;
    this.#registry = registry;
    this.proxy = proxy;
  }

  static async start(): Promise<RegistryScene> {
    const sandbox = new Sandbox();
    const registry = await RegistryServer.start(sandbox);
    return new RegistryScene(sandbox, registry, await HoldingProxy.start(registry.host));
  }

  /** As projects name it: `127.0.0.1:PORT/web:1`. */
  name(image: string): string {
    return `${this.proxy.host}/${image}`;
  }

  /** Puts an image into the registry, with a store that is not the project's. */
  async publish(image: string, content: FixtureImage = makeImage()): Promise<FixtureImage> {
    const name = `${this.#registry.host}/${image}`;
    const store = this.sandbox.store({ root: this.sandbox.path('publisher') });
    this.#pushed += 1;
    await store.load(writeLayout(this.sandbox, `layout-${this.#pushed}`, [{ image: content, name }]));
    await store.push(name);
    return content;
  }

  /** Whether the registry has it. */
  async has(image: string): Promise<boolean> {
    const [repository, tag] = image.split(':');
    const response = await fetch(`http://${this.#registry.host}/v2/${repository}/manifests/${tag}`, {
      method: 'HEAD',
      headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
    });
    return response.status === 200;
  }

  async dispose(): Promise<void> {
    await this.proxy.stop();
    await this.#registry.stop();
    this.sandbox.dispose();
  }
}

/** Runs tcompose to its end, while this process goes on. */
export async function runBeside(scenario: Scenario, ...args: string[]): Promise<Outcome> {
  return finish(startBeside(scenario, ...args));
}

export function startBeside(scenario: Scenario, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [executable, ...args], {
    cwd: scenario.directory,
    env: scenario.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 100_000,
  });
}

export async function finish(child: ChildProcess): Promise<Outcome> {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      texts[name] += chunk;
    });
  }
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { status, signal, ...texts };
}

class HoldingProxy {
  readonly host: string;
  /** `GET /v2/web/manifests/1`. */
  readonly asked: string[] = [];
  /** Of the blobs that were not asked for from their beginning. */
  readonly ranges: string[] = [];
  readonly #server: Server;
  #isHolding = false;
  #onHeld: (() => void) | undefined;

  private constructor(server: Server) {
    this.#server = server;
    this.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(target: string): Promise<HoldingProxy> {
    let proxy: HoldingProxy | undefined;
    const server = createServer((incoming, response) => proxy?.forward(target, incoming, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = new HoldingProxy(server);
    return proxy;
  }

  /** From now on blobs stop in the middle. Resolves when the first one does. */
  hold(): Promise<void> {
    this.#isHolding = true;
    return new Promise((resolve) => {
      this.#onHeld = resolve;
    });
  }

  /** From now on blobs come whole again. */
  letGo(): void {
    this.#isHolding = false;
  }

  count(pattern: RegExp): number {
    return this.asked.filter((line) => pattern.test(line)).length;
  }

  forget(): void {
    this.asked.length = 0;
    this.ranges.length = 0;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  forward(target: string, incoming: IncomingMessage, response: ServerResponse): void {
    const { headers, method, url = '' } = incoming;
    this.asked.push(`${method} ${url}`);
    if (headers.range !== undefined) this.ranges.push(headers.range);
    const isHeld = this.#isHolding && method === 'GET' && url.includes('/blobs/');
    const [hostname, port] = target.split(':');
    const outgoing = request({ hostname, port, method, path: url, headers: { ...headers, host: this.host } });
    outgoing.on('response', (answer) => {
      const size = Number(answer.headers['content-length'] ?? 0);
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      // A configuration is small, and comes through.
      if (isHeld && size > 10_000) this.#hold(answer, response, size);
      else answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  }

  #hold(answer: IncomingMessage, response: ServerResponse, size: number): void {
    let left = Math.floor(size / 2);
    answer.on('data', (chunk: Buffer) => {
      response.write(chunk.subarray(0, left));
      left -= Math.min(left, chunk.length);
      if (left === 0) this.#onHeld?.();
    });
  }
}
