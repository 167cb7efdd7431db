// Processes that die at any instant: the next command converges and nothing leaks.

import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { findContained, findMonitor } from './host-state.ts';
import { eventually, Scenario } from './scenario.ts';

const compose = `
services:
  web:
    image: host
    command: sleep 600
    init: true
    stop_grace_period: 1s
    ports: ["127.0.0.1:18437:80"]
    depends_on: [db]
    volumes: ["shared:/shared", "/anonymous"]
  db:
    image: host
    command: sh -c 'echo ready; exec sleep 600'
    init: true
    user: app
    stop_grace_period: 1s
    volumes: ["data:/data"]
volumes:
  data:
  shared:
`;

let scenario: Scenario;

/** After `down -v`: no process, mount, link, table, cgroup, socket or record of the project. */
afterEach(async () => {
  scenario.run('down', '-v', '-t', '1');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

/** Of the monitor and its network child, which runs under the same command line, the parent. */
describe('kill -9 of the CLI', () => {
  it('at fifty instants of up and down: the next command converges', async () => {
    scenario = new Scenario({ 'compose.yaml': compose });
    const whole = Date.now();
    scenario.ok('up', '-d');
    const span = Date.now() - whole;
    scenario.ok('down', '-t', '1');
    for (let round = 0; round < 50; round += 1) {
      const verb = round % 2 === 0 ? ['up', '-d'] : ['down', '-t', '1'];
      const child = scenario.start(verb, { stdio: 'ignore' });
      const ended = once(child, 'exit');
      setTimeout(() => child.kill('SIGKILL'), Math.floor((span * 1.2 * ((round * 7) % 50)) / 50));
      await ended;
      if (round % 5 === 4) {
        scenario.ok('up', '-d');
        expect(
          scenario
            .ps()
            .map((row) => `${row.Name} ${row.State}`)
            .sort(),
        ).toEqual(['project-db-1 running', 'project-web-1 running']);
      }
    }
  });
});

describe('two commands at once', () => {
  it('two up of one project both end well, with one set of containers', async () => {
    scenario = new Scenario({ 'compose.yaml': compose });
    const both = [
      scenario.start(['up', '-d'], { stdio: 'ignore' }),
      scenario.start(['up', '-d'], { stdio: 'ignore' }),
    ];
    const codes = await Promise.all(both.map(async (child) => (await once(child, 'exit'))[0]));
    expect(codes).toEqual([0, 0]);
    expect(
      scenario
        .ps()
        .map((row) => row.Name)
        .sort(),
    ).toEqual(['project-db-1', 'project-web-1']);
  });

  it('down cancels an up that waits for health', async () => {
    scenario = new Scenario({
      'compose.yaml': `
services:
  slow:
    image: host
    command: sleep 600
    init: true
    stop_grace_period: 1s
    healthcheck: {test: ["CMD", "false"], interval: 1s, start_period: 300s}
`,
    });
    const waiting = scenario.start(['up', '-d', '--wait'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    waiting.stderr?.on('data', (chunk) => {
      errors += chunk;
    });
    const ended = once(waiting, 'close');
    await eventually(
      'the container runs',
      () => scenario.ps().some((row) => row.State === 'running') || undefined,
    );
    scenario.ok('down', '-t', '1');
    const [code] = await ended;
    expect(code).not.toBe(0);
    expect(errors).toMatch(/down|removed|changed/);
  });
});

describe('kill -9 inside', () => {
  it('of a monitor takes the whole container with it; ps says so; up restores it', async () => {
    scenario = new Scenario({ 'compose.yaml': compose });
    scenario.ok('up', '-d');
    const { ID: id } = scenario.container('project-db-1');
    const directory = scenario.list('containers').find((name) => name.startsWith(id))!;
    expect(findContained(directory).length).toBeGreaterThan(0);
    process.kill(findMonitor(directory), 'SIGKILL');
    await eventually('all its processes are gone', () => findContained(directory).length === 0 || undefined);
    expect(scenario.container('project-db-1').State).not.toBe('running');
    scenario.ok('up', '-d');
    expect(scenario.container('project-db-1').State).toBe('running');
  });

  it('of pid 1 ends the container with 137', async () => {
    scenario = new Scenario({ 'compose.yaml': compose.replaceAll('init: true', 'init: false') });
    scenario.ok('up', '-d');
    const { ID: id } = scenario.container('project-db-1');
    const directory = scenario.list('containers').find((name) => name.startsWith(id))!;
    for (const pid of findContained(directory)) process.kill(pid, 'SIGKILL');
    await eventually(
      'it has ended',
      () => scenario.container('project-db-1').State === 'exited' || undefined,
    );
    expect(scenario.container('project-db-1').ExitCode).toBe(137);
  });

  it('a container whose process dropped to another user dies with its monitor', async () => {
    scenario = new Scenario({
      'compose.yaml': `
services:
  drop:
    image: host
    command: sh -c 'setpriv --reuid 1000 --regid 1000 --clear-groups sleep 600 & exec setpriv --reuid 1000 --regid 1000 --clear-groups sleep 601'
    stop_grace_period: 1s
`,
    });
    scenario.ok('up', '-d');
    const directory = scenario.list('containers')[0]!;
    await eventually('both sleeps run', () => findContained(directory).length >= 2 || undefined);
    process.kill(findMonitor(directory), 'SIGKILL');
    await eventually('all its processes are gone', () => findContained(directory).length === 0 || undefined);
  });
});

describe('the restart policy', () => {
  it('brings a process that was killed back into the set', async () => {
    scenario = new Scenario({
      'compose.yaml': compose.replace(
        'command: sleep 600\n    init: true',
        'command: sleep 600\n    restart: always',
      ),
    });
    scenario.ok('up', '-d');
    const { ID: id } = scenario.container('project-web-1');
    const directory = scenario.list('containers').find((name) => name.startsWith(id))!;
    const first = findContained(directory);
    for (const pid of first) process.kill(pid, 'SIGKILL');
    await eventually(
      'a new process runs',
      () => findContained(directory).some((pid) => !first.includes(pid)) || undefined,
    );
    // The process is there a little before the monitor says so.
    await eventually('it runs', () => scenario.container('project-web-1').State === 'running');
  });
});
