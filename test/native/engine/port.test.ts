// Published ports: opened once and before anything else, shared by replicas, handed over, reported.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { planStop } from '../../../src/plan/lifecycle.ts';
import { eventually, Stack } from './stack.ts';

let stack: Stack;
let server: Server | undefined;
afterEach(async () => {
  server?.close();
  server = undefined;
  await stack.dispose();
});

const PORT = 18_461;
const SERVER = `const h = require('os').hostname(); require('http').createServer((_, r) => r.end(h)).listen(80)`;
const web = (ports: string, more = '') => `
name: ports
services:
  web:
    image: host
    command: ["node", "-e", "${SERVER}"]
    init: true
    stop_grace_period: 1s
    ports: ${ports}
${more}`;

/** One connection per question: a kept one would stay with its replica. */
function ask(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, agent: false, timeout: 1000 }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve(text));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}

/** Something that is not ours and has the port. */
async function occupy(port: number): Promise<void> {
  server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
}

const answering = (port: number) => eventually(`port ${port} answers`, () => ask(port));
const stopAll = () => stack.execute('stop', (state) => planStop(stack.model(), state, { timeout: 1e9 }));
const published = async (number = 1) => (await stack.container('web', number)).publishers;

describe('a published port', () => {
  it('answers, at both families unless the file names an address', async () => {
    stack = new Stack(web(`["${PORT}:80"]`));
    await stack.up();
    expect(await answering(PORT)).toBe((await stack.container('web')).id.slice(0, 12));
    expect((await published()).map((p) => [p.address, p.published])).toEqual([
      ['0.0.0.0', PORT],
      ['::', PORT],
    ]);
  });

  it('survives the replacement of its container, which never lets go of it', async () => {
    stack = new Stack(web(`["127.0.0.1:${PORT}:80"]`));
    await stack.up();
    const first = await answering(PORT);
    stack.write('compose.yaml', web(`["127.0.0.1:${PORT}:80"]`, '    environment: {A: b}'));
    await stack.up();
    expect(
      await eventually('the new one answers', async () =>
        (await ask(PORT)) === first ? undefined : ask(PORT),
      ),
    ).toBe((await stack.container('web')).id.slice(0, 12));
  });

  it('is shared by replicas, also by those that come later', async () => {
    stack = new Stack(web(`["127.0.0.1:${PORT}:80"]`));
    await stack.up();
    await stack.up({ scale: { web: 3 } }, stack.open());
    const { containers } = await stack.state();
    expect(containers.map((c) => c.state)).toEqual(['running', 'running', 'running']);
    const names = new Set<string | undefined>();
    await eventually('all three have answered', async () => {
      names.add(await ask(PORT));
      names.delete(undefined);
      return names.size === 3;
    });
    expect([...names].sort()).toEqual(containers.map((c) => c.id.slice(0, 12)).sort());
  });

  it('moves from one service to another within one up', async () => {
    const two = (first: string, second: string) =>
      web(
        first,
        `  other:\n    image: host\n    command: sleep 600\n    init: true\n    stop_grace_period: 1s\n    ports: ${second}\n`,
      );
    stack = new Stack(two(`["127.0.0.1:${PORT}:80"]`, '[]'));
    await stack.up();
    stack.write('compose.yaml', two('[]', `["127.0.0.1:${PORT}:80"]`));
    await stack.up();
    expect((await stack.container('other')).publishers.map((p) => p.published)).toEqual([PORT]);
    expect(await published()).toEqual([]);
  });
});

describe('a range', () => {
  it('gives each replica a port of its own, which it keeps when it is replaced', async () => {
    const range = `["127.0.0.1:${PORT}-${PORT + 4}:80"]`;
    stack = new Stack(web(range));
    await stack.up({ scale: { web: 3 } });
    const ports = async () => (await stack.state()).containers.map((c) => c.publishers[0]?.published);
    expect((await ports()).sort()).toEqual([PORT, PORT + 1, PORT + 2]);
    const before = await ports();
    stack.write('compose.yaml', web(range, '    environment: {A: b}'));
    await stack.up({ scale: { web: 3 } });
    expect(await ports()).toEqual(before);
  });

  it('that is too small is refused before anything is made', async () => {
    stack = new Stack(web(`["127.0.0.1:${PORT}-${PORT + 1}:80"]`));
    await expect(stack.up({ scale: { web: 3 } })).rejects.toThrow(
      new RegExp(`no port of ${PORT}-${PORT + 1}/tcp`),
    );
    expect((await stack.state()).containers).toEqual([]);
    expect((await stack.state()).networks).toEqual([]);
  });
});

describe('a random port', () => {
  it('is the same at both families, and answers', async () => {
    stack = new Stack(web('["80"]'));
    await stack.up();
    const [v4, v6] = await published();
    expect(v4?.published).toBe(v6?.published);
    expect(await answering(v4?.published ?? 0)).toBeDefined();
  });

  it('is kept over a stop, and another is taken when it is not free any more', async () => {
    stack = new Stack(web('["127.0.0.1::80"]'));
    await stack.up();
    const [first] = await published();
    await stopAll();
    await stack.up();
    expect(await published()).toEqual([first]);
    await stopAll();
    await occupy(first?.published ?? 0);
    await stack.up();
    const [second] = await published();
    expect(second?.published).not.toBe(first?.published);
    expect(await answering(second?.published ?? 0)).toBe((await stack.container('web')).id.slice(0, 12));
  });
});

describe('a port in use', () => {
  it('is refused before anything is made, with its holder and a free one', async () => {
    await occupy(PORT);
    stack = new Stack(web(`["127.0.0.1:${PORT}:80"]`));
    const error = await stack.up().catch((failure) => failure);
    expect(error.message).toContain(`port 127.0.0.1:${PORT}/tcp is already in use: pid ${process.pid}`);
    expect(error.hints).toEqual([`port ${PORT + 1} is free`]);
    expect(error.source).toMatchObject({ line: 9 });
    expect((await stack.state()).networks).toEqual([]);
  });

  it('names the container that has it', async () => {
    stack = new Stack(web(`["127.0.0.1:${PORT}:80"]`));
    await stack.up();
    const other = new Stack(web(`["127.0.0.1:${PORT}:80"]`).replace('name: ports', 'name: rival'));
    try {
      // Another project of the same instance.
      Object.assign(other, { root: stack.root, runDir: stack.runDir, engine: stack.open() });
      await expect(other.up()).rejects.toThrow(/already in use: container ports-web-1 has it/);
    } finally {
      await other.down({ volumes: true });
    }
  });
});

describe('a replica whose monitor was killed', () => {
  it('leaves the set when the next command sweeps it', async () => {
    stack = new Stack(web(`["127.0.0.1:${PORT}:80"]`));
    await stack.up({ scale: { web: 2 } });
    const victim = await stack.container('web', 2);
    const status = JSON.parse(readFileSync(join(stack.runDir, 'containers', victim.id, 'status'), 'utf8'));
    process.kill(status.monitorPid, 'SIGKILL');
    await eventually('it is lost', async () => (await stack.container('web', 2)).state === 'exited');
    await stack.engine.system.check({ repair: true });
    const group = readFileSync(join(stack.runDir, 'ports', `tcp-127.0.0.1-${PORT}`), 'utf8');
    expect(group).not.toContain(victim.id);
    const survivor = (await stack.container('web', 1)).id.slice(0, 12);
    for (let i = 0; i < 20; i += 1) expect(await answering(PORT)).toBe(survivor);
  });
});
