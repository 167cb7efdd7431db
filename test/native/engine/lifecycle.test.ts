// up, no-op up, recreation, down: what the kernel and the disk hold after each.

import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually, Stack } from './stack.ts';

const compose = `
name: life
services:
  web:
    image: host
    command: sh -c 'echo web is up; exec sleep 600'
    init: true
    stop_grace_period: 1s
    depends_on: [db]
    environment: {SECRET: hunter2}
    volumes: ["shared:/shared", "/anonymous", "./config:/config:ro"]
  db:
    image: host
    command: sh -c 'echo db is up; exec sleep 600'
    init: true
    user: app
    stop_grace_period: 1s
    volumes: ["data:/data"]
volumes:
  data:
  shared:
`;

let stack: Stack;
afterEach(() => stack.dispose());

describe('a project', () => {
  it('comes up in order, runs, and is as planned', async () => {
    stack = new Stack(compose);
    await stack.up();
    const { containers, networks, volumes } = await stack.state();
    expect(containers.map((c) => [c.name, c.state])).toEqual([
      ['life-db-1', 'running'],
      ['life-web-1', 'running'],
    ]);
    expect((containers[0]?.startedAt ?? '') < (containers[1]?.startedAt ?? '')).toBe(true);
    expect(networks.map((n) => [n.name, n.members.length])).toEqual([['life_default', 2]]);
    expect(volumes.filter((v) => !v.anonymous).map((v) => v.name)).toEqual(['life_data', 'life_shared']);
    expect(volumes.filter((v) => v.anonymous)).toHaveLength(1);
    await eventually('both have logged', async () => (await stack.logs()).length === 2);
    // Started in order; which of them the kernel lets speak first is another matter.
    expect((await stack.logs()).sort()).toEqual(['db is up\n', 'web is up\n']);
  });

  it('is left alone by a second up, which needs neither lock nor addon', async () => {
    stack = new Stack(compose);
    await stack.up();
    const before = await stack.state();
    expect((await stack.plan()).nodes).toEqual([]);
    await stack.up();
    expect(await stack.state()).toEqual(before);
  });

  it('leaves nothing behind', async () => {
    stack = new Stack(compose);
    await stack.up();
    await stack.down({ volumes: true });
    expect(stack.list('containers')).toEqual([]);
    expect(stack.list('networks')).toEqual([]);
    expect(stack.list('volumes')).toEqual([]);
    expect(readdirSync(join(stack.root, 'locks'))).toEqual([]);
    expect(await stack.leftovers()).toEqual([]);
  });

  it('keeps its named volumes over a down, and what they hold', async () => {
    stack = new Stack(compose);
    await stack.up();
    expect((await stack.exec('db', 'sh', '-c', 'id -un; echo kept > /tmp/x; cat /tmp/x')).stdout).toBe(
      'app\nkept\n',
    );
    expect((await stack.exec('web', 'sh', '-c', 'echo kept > /shared/file')).exitCode).toBe(0);
    await stack.down();
    await stack.up();
    expect((await stack.exec('web', 'cat', '/shared/file')).stdout).toBe('kept\n');
  });

  it('hides secrets in what it writes down', async () => {
    stack = new Stack(compose);
    await stack.up();
    const { id } = await stack.container('web');
    const record = readFileSync(join(stack.root, 'containers', id, 'container.json'), 'utf8');
    expect(record).not.toContain('hunter2');
    expect((await stack.exec('web', 'sh', '-c', 'echo $SECRET')).stdout).toBe('hunter2\n');
  });
});

describe('recreating', () => {
  it('replaces only the service that changed, and keeps its anonymous volume', async () => {
    stack = new Stack(compose);
    await stack.up();
    await stack.exec('web', 'sh', '-c', 'echo mine > /anonymous/file');
    const [db, web] = (await stack.state()).containers;
    stack.write('compose.yaml', compose.replace('hunter2', 'hunter3'));
    await stack.up();
    const now = await stack.state();
    expect(now.containers.map((c) => c.name)).toEqual(['life-db-1', 'life-web-1']);
    expect(now.containers[0]?.id).toBe(db?.id);
    expect(now.containers[1]?.id).not.toBe(web?.id);
    expect((await stack.exec('web', 'cat', '/anonymous/file')).stdout).toBe('mine\n');
    expect(now.volumes.filter((v) => v.anonymous)).toHaveLength(1);
  });
});

describe('a bind', () => {
  it('is made where it is missing, and read-only where asked', async () => {
    stack = new Stack(compose);
    await stack.up();
    expect(existsSync(join(stack.directory, 'config'))).toBe(true);
    expect((await stack.exec('web', 'sh', '-c', 'touch /config/x')).stderr).toMatch(/Read-only/);
  });
});

describe('a container', () => {
  it('stops, starts and is killed', async () => {
    stack = new Stack(compose);
    await stack.up();
    const web = await stack.container('web');
    const step = (kind: string, more = {}) =>
      stack.execute(kind, () => ({
        project: 'life',
        warnings: [],
        nodes: [
          {
            id: 0,
            operation: { kind, container: web, ...more } as never,
            cause: { reason: 'forced' },
            dependsOn: [],
          },
        ],
      }));
    await step('stop-container');
    expect(await stack.container('web')).toMatchObject({ state: 'exited', stoppedByUser: true });
    await step('start-container');
    const started = await stack.container('web');
    expect(started.state).toBe('running');
    expect(readlinkSync(`/proc/${started.pid}/ns/pid`)).not.toBe(readlinkSync('/proc/self/ns/pid'));
    await step('restart-container');
    expect((await stack.container('web')).pid).not.toBe(started.pid);
    await step('kill-container', { signal: 'SIGKILL' });
    await eventually('it has ended', async () => (await stack.container('web')).state === 'exited');
    expect(await stack.container('web')).toMatchObject({ exitCode: 137, stoppedByUser: true });
  });
});
