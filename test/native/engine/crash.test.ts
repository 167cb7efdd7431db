// Processes that die, commands that meet: what the next command finds and mends.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { isAlive } from '../tcrun/sandbox.ts';
import { eventually, Stack } from './stack.ts';

let stack: Stack;
afterEach(() => stack.dispose());

const sleeper = (more = '') => `
name: crash
services:
  app:
    image: host
    command: sleep 600
    init: true
    stop_grace_period: 1s
${more}`;

function readStatus(id: string): { monitorPid: number; pid: number } {
  return JSON.parse(readFileSync(join(stack.runDir, 'containers', id, 'status'), 'utf8'));
}

describe('a monitor that is killed', () => {
  it('takes its container with it; a snapshot says so and up brings it back', async () => {
    stack = new Stack(sleeper());
    await stack.up();
    const { id } = await stack.container('app');
    const { monitorPid, pid } = readStatus(id);
    process.kill(monitorPid, 'SIGKILL');
    await eventually('both are dead', () => !isAlive(pid) && !isAlive(monitorPid));
    expect(await stack.container('app')).toMatchObject({
      state: 'exited',
      exitCode: 137,
      error: 'monitor lost',
    });
    await stack.up();
    expect(await stack.container('app')).toMatchObject({ id, state: 'running' });
    expect(stack.events).toContainEqual(
      expect.objectContaining({ warning: expect.objectContaining({ code: 'swept' }) }),
    );
  });

  it('is found and mended by system check', async () => {
    stack = new Stack(sleeper());
    await stack.up();
    const { id } = await stack.container('app');
    expect(await stack.engine.system.check({ repair: false })).toEqual([]);
    process.kill(readStatus(id).monitorPid, 'SIGKILL');
    await eventually('it is lost', async () => (await stack.container('app')).error === 'monitor lost');
    expect(await stack.engine.system.check({ repair: false })).toMatchObject([
      { what: `container ${id.slice(0, 12)}`, repaired: false },
    ]);
    expect(await stack.engine.system.check({ repair: true })).toMatchObject([{ repaired: true }]);
    expect(await stack.engine.system.check({ repair: false })).toEqual([]);
    expect(await stack.container('app')).toMatchObject({ exitCode: 137, error: 'monitor lost' });
  });
});

describe('a creation that was cut off', () => {
  it('is taken back by the next command, with its leases', async () => {
    stack = new Stack(sleeper());
    await stack.up();
    const [network] = (await stack.state()).networks;
    const names = join(stack.runDir, 'networks', network?.id ?? '', 'names');
    const id = 'c'.repeat(64);
    mkdirSync(join(stack.root, 'containers', `.creating-${id}`));
    const before = readFileSync(names, 'utf8');
    writeFileSync(names, `${before}9 ${id} 172.24.0.99 - ghost ghost\n`);
    await stack.up();
    expect(stack.list('containers').filter((name) => name.startsWith('.'))).toEqual([]);
    expect(readFileSync(names, 'utf8')).toBe(before);
  });
});

describe('two commands at once', () => {
  it('two ups end well, with one set of containers', async () => {
    stack = new Stack(sleeper());
    const both = await Promise.allSettled([stack.up({}, stack.open()), stack.up({}, stack.open())]);
    expect(both.map((each) => each.status)).toEqual(['fulfilled', 'fulfilled']);
    expect((await stack.state()).containers.map((c) => [c.name, c.state])).toEqual([
      ['crash-app-1', 'running'],
    ]);
  });

  it('a down ends an up that waits for health', async () => {
    stack = new Stack(sleeper('    healthcheck: {test: ["CMD", "false"], interval: 1s, start_period: 300s}'));
    const waiting = stack.up({ wait: true }, stack.open());
    const failure = expect(waiting).rejects.toThrow(/cancelled by "tcompose down"/);
    await eventually('it runs', async () => (await stack.state()).containers[0]?.state === 'running');
    await stack.down();
    await failure;
    expect((await stack.state()).containers).toEqual([]);
  });
});

describe('an interrupted wait', () => {
  it('ends the command and leaves the containers as they are', async () => {
    stack = new Stack(sleeper('    healthcheck: {test: ["CMD", "false"], interval: 1s, start_period: 300s}'));
    const interrupt = new AbortController();
    const waiting = stack.up({ wait: true }, stack.engine, interrupt.signal);
    const failure = expect(waiting).rejects.toThrow('interrupted');
    await eventually('it runs', async () => (await stack.state()).containers[0]?.state === 'running');
    interrupt.abort(new Error('interrupted'));
    await failure;
    expect((await stack.container('app')).state).toBe('running');
  });
});

describe('a container that another command starts while one waits', () => {
  it('counts as started', async () => {
    stack = new Stack(`
name: crash
services:
  app:
    image: host
    command: sleep 600
    init: true
    stop_grace_period: 1s
    depends_on: {slow: {condition: service_healthy}}
  slow:
    image: host
    command: sleep 600
    init: true
    stop_grace_period: 1s
    healthcheck: {test: ["CMD", "test", "-e", "/tmp/go"], interval: 100ms, start_period: 60s, start_interval: 100ms}
`);
    const waiting = stack.up({}, stack.open());
    await eventually('app is made', async () =>
      (await stack.state()).containers.some((c) => c.service === 'app'),
    );
    await eventually('slow runs', async () => (await stack.container('slow')).state === 'running');
    const app = await stack.container('app');
    await stack.execute('start', () => ({
      project: 'crash',
      warnings: [],
      nodes: [
        {
          id: 0,
          operation: { kind: 'start-container', container: app },
          cause: { reason: 'forced' },
          dependsOn: [],
        },
      ],
    }));
    await stack.exec('slow', 'touch', '/tmp/go');
    await waiting;
    expect((await stack.container('app')).state).toBe('running');
  });
});

describe('a damaged record', () => {
  it('is named by every command, and set aside by system check with what belongs to it kept', async () => {
    stack = new Stack(`${sleeper('    volumes: ["data:/data"]')}\nvolumes: {data: {}}`);
    await stack.up();
    await stack.exec('app', 'sh', '-c', 'echo mine > /data/file');
    const { id } = await stack.container('app');
    await stack.down();
    await stack.up();
    const now = await stack.container('app');
    expect(now.id).not.toBe(id);
    await stack.execute('stop', () => ({
      project: 'crash',
      warnings: [],
      nodes: [
        {
          id: 0,
          operation: { kind: 'stop-container', container: now },
          cause: { reason: 'forced' },
          dependsOn: [],
        },
      ],
    }));
    writeFileSync(join(stack.root, 'containers', now.id, 'container.json'), '{"v":1,');
    writeFileSync(join(stack.root, 'volumes/crash_data/volume.json'), '');
    await expect(stack.state()).rejects.toThrow(/container.json is not valid JSON/);
    expect(await stack.engine.system.check({ repair: false })).toMatchObject([
      { what: `container ${now.id.slice(0, 12)}`, repaired: false },
      { what: 'volume crash_data', repaired: false },
    ]);
    await stack.engine.system.check({ repair: true });
    expect(await stack.engine.system.check({ repair: false })).toEqual([]);
    await stack.up();
    expect((await stack.exec('app', 'cat', '/data/file')).stdout).toBe('mine\n');
    expect(stack.list('containers')).toContain(`.damaged-${now.id}`);
  });
});

describe('a container whose directory somebody removed', () => {
  it('is ended and cleared away by system check', async () => {
    stack = new Stack(sleeper());
    await stack.up();
    const { id, pid = 0 } = await stack.container('app');
    rmSync(join(stack.root, 'containers', id), { recursive: true });
    const findings = await stack.engine.system.check({ repair: true });
    expect(findings.map((finding) => finding.what)).toContainEqual(
      expect.stringContaining(`/${id.slice(0, 12)}`),
    );
    await eventually('it is dead', () => !isAlive(pid));
    await eventually('all agrees', async () => {
      await stack.engine.system.check({ repair: true });
      return (await stack.engine.system.check({ repair: false })).length === 0;
    });
    await stack.down({ volumes: true });
    expect(await stack.leftovers()).toEqual([]);
  });
});
