// What crashes leave, thing by thing: `system check` finds it, names it, mends it, and then finds nothing.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCgroup } from '../../../src/engine/container/stop.ts';
import { projectLockPath } from '../../../src/engine/lock/project-lock.ts';
import { planStop } from '../../../src/plan/lifecycle.ts';
import { isAlive } from '../tcrun/sandbox.ts';
import { eventually, Stack } from './stack.ts';

const compose = `
name: repair
services:
  app:
    image: host
    command: sleep 600
    init: true
    stop_grace_period: 1s
    ports: ["127.0.0.1:18471:80"]
`;

let stack: Stack;
let id: string;
beforeEach(async () => {
  stack = new Stack(compose);
  await stack.up();
  id = (await stack.container('app')).id;
  await eventually('the port is published', () => existsSync(group()));
  expect(await check(false)).toEqual([]);
});
afterEach(() => stack.dispose());

/** `what: why` of each finding. */
async function check(repair: boolean): Promise<string[]> {
  const findings = await stack.engine.system.check({ repair });
  return findings.map(({ what, why, repaired }) => `${repaired ? 'repaired ' : ''}${what}: ${why}`);
}

/** Found, mended, and not found again. */
async function expectMended(pattern: RegExp): Promise<void> {
  expect((await check(false)).join('\n')).toMatch(pattern);
  expect((await check(true)).join('\n')).toMatch(new RegExp(`repaired ${pattern.source}`));
  expect(await check(false)).toEqual([]);
}

const stop = () => stack.execute('stop', (state) => planStop(stack.model(), state, { timeout: 1e9 }));
const bundle = (name: string) => join(stack.root, 'containers', id, name);
const group = () => join(stack.runDir, 'ports/tcp-127.0.0.1-18471');

function instanceId(): string {
  return (JSON.parse(readFileSync(join(stack.root, 'instance.json'), 'utf8')) as { id: string }).id;
}

/** The slots of published ports as the kernel has them. */
function publishedSlots(): string {
  return execFileSync('/usr/sbin/nft', ['list', 'table', 'inet', `tcompose-${instanceId()}`], {
    encoding: 'utf8',
  });
}

async function killMonitor(): Promise<void> {
  const { monitorPid } = JSON.parse(readFileSync(join(stack.runDir, 'containers', id, 'status'), 'utf8')) as {
    monitorPid: number;
  };
  process.kill(monitorPid, 'SIGKILL');
  await eventually('it is dead', () => !isAlive(monitorPid));
}

describe('a monitor that was killed', () => {
  it('leaves its places in port groups, in the published map and in states; they are taken from it', async () => {
    const [network] = (await stack.state()).networks;
    const states = join(stack.runDir, 'networks', network?.id ?? '', 'states');
    expect(publishedSlots()).toMatch(/18471 \. 0x\w+ : /);
    await killMonitor();
    expect(readFileSync(group(), 'utf8')).toContain(id);
    expect(publishedSlots()).toMatch(/18471 \. 0x\w+ : /);
    expect(readFileSync(states).includes(1)).toBe(true);
    await expectMended(/container \w{12}: its monitor was killed/);
    expect(existsSync(group())).toBe(false);
    expect(publishedSlots()).not.toContain('18471');
    expect(readFileSync(states).includes(1)).toBe(false);
  });

  it('before it had said anything: its port group says that it runs, and it does not', async () => {
    const members = readFileSync(group(), 'utf8');
    await stop();
    mkdirSync(join(stack.runDir, 'ports'), { recursive: true });
    writeFileSync(group(), members);
    await expectMended(/port tcp-127.0.0.1-18471: container repair-app-1 does not run/);
    expect(existsSync(group())).toBe(false);
  });
});

describe('a port group', () => {
  it('of a container that does not exist any more is dissolved, and others keep the port', async () => {
    const members = readFileSync(group(), 'utf8');
    const ghost = 'd'.repeat(64);
    writeFileSync(group(), `${members}${ghost} 172.31.255.9 80 1 none\n`);
    await expectMended(/port tcp-127.0.0.1-18471: container dddddddddddd does not exist/);
    expect(readFileSync(group(), 'utf8')).toBe(members);
    expect(publishedSlots()).toMatch(/18471 \. 0x\w+ : /);
    expect(publishedSlots()).not.toContain('172.31.255.9');
  });
});

describe('a cgroup', () => {
  it('of a container that does not run is removed', async () => {
    const { directories = [] } = readCgroup(join(stack.root, 'containers', id)) ?? {};
    await stop();
    expect(directories.filter((directory) => existsSync(directory))).toEqual([]);
    const own = directories.filter((directory) => directory.endsWith(id));
    for (const directory of own) mkdirSync(join(directory, 'made/inside'), { recursive: true });
    await expectMended(/cgroup \S+: its container does not run/);
    expect(directories.filter((directory) => existsSync(directory))).toEqual([]);
  });
});

describe('a file that a power failure cut off', () => {
  it.each(['', '{"v":1,"state":'])('last (%j): the container is one that was lost', async (text) => {
    await stop();
    writeFileSync(bundle('last'), text);
    // With the power goes the run directory.
    rmSync(join(stack.runDir, 'containers', id), { recursive: true });
    await expect(stack.state()).rejects.toThrow('last is not valid JSON');
    await expectMended(/container \w{12}: how it ended is damaged/);
    expect(await stack.container('app')).toMatchObject({ state: 'exited', exitCode: 137 });
    await stack.up();
    expect(await stack.container('app')).toMatchObject({ id, state: 'running' });
  });

  it.each(['monitor.json', 'config.json'])(
    '%s: the container is set aside, up makes it anew',
    async (name) => {
      await stop();
      writeFileSync(bundle(name), '');
      await expectMended(/container \w{12}: its record is damaged/);
      await stack.up();
      expect((await stack.container('app')).id).not.toBe(id);
      expect(stack.list('containers')).toContain(`.damaged-${id}`);
    },
  );
});

describe('a command that was killed', () => {
  it('and had asked the others to give way leaves its request', async () => {
    const lock = projectLockPath(join(stack.root, 'locks'), 'repair');
    writeFileSync(`${lock}.cancel`, '{"pid":4194305,"verb":"down"}\n');
    await expectMended(/\S*\.cancel: whoever was writing it is dead/);
  });
});

describe('a container whose run directory somebody removed', () => {
  it('is not said to be mended while its monitor lives', async () => {
    const directory = join(stack.runDir, 'containers', id);
    renameSync(directory, `${directory}-aside`);
    expect((await check(true)).join('\n')).toMatch(/^container \w{12}: its monitor/);
    renameSync(`${directory}-aside`, directory);
    expect(await check(false)).toEqual([]);
  });
});
