// events and stats: what happens to containers, and what they use.

import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { findMonitor } from './host-state.ts';
import { eventually, Scenario } from './scenario.ts';

let scenario: Scenario;

afterEach(async () => {
  scenario.run('down', '-v', '-t', '1');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

interface Event {
  readonly action: string;
  readonly service: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
}

function told(...args: string[]): Event[] {
  const { stdout } = scenario.ok('events', '--json', '--since', '1h', '--until', '0s', ...args);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Event);
}

const actions = (...args: string[]) => told(...args).map(({ action }) => action);

describe('events', () => {
  it('tells what happened while no command ran', async () => {
    scenario = new Scenario({
      'compose.yaml': `
services:
  crash:
    image: host
    command: sh -c 'exit 3'
    restart: on-failure:1
  steady:
    image: host
    command: sleep 1000
    stop_grace_period: 0s
    healthcheck: {test: ["CMD", "test", "-e", "/tmp/well"], interval: 100ms, retries: 1}
`,
    });
    scenario.ok('up', '-d');
    await eventually('it is ill', () => scenario.container('project-steady-1').Health === 'unhealthy');
    scenario.ok('exec', '-T', 'steady', 'touch', '/tmp/well');
    await eventually('it is well', () => scenario.container('project-steady-1').Health === 'healthy');
    await eventually('it has given up', () => actions('crash').length >= 5);
    scenario.ok('run', '--rm', '-T', 'crash', 'true');
    scenario.ok('stop', 'steady');
    expect(actions('crash')).toEqual(['create', 'start', 'die', 'start', 'die']);
    expect(actions('steady')).toEqual([
      'create',
      'start',
      'health_status: unhealthy',
      'health_status: healthy',
      'die',
      'stop',
    ]);
    const { id, attributes } = told('crash').at(-1) as Event;
    expect(id).toBe(scenario.ok('ps', '-aq', 'crash').stdout.trim());
    expect(attributes).toEqual({ exitCode: '3', name: 'project-crash-1', image: 'host' });
    expect(scenario.run('events', 'nobody').stderr).toContain('nobody');
  });

  it('tells of a kill for want of memory, and ps does, too', async () => {
    scenario = new Scenario({
      'compose.yaml': `
services:
  hungry:
    image: host
    command: tail /dev/zero
    mem_limit: 16m
    memswap_limit: 16m
`,
    });
    scenario.ok('up', '-d');
    await eventually('it was killed', () => scenario.container('project-hungry-1').State === 'exited');
    expect(told().map(({ action, attributes }) => [action, attributes.exitCode])).toEqual([
      ['create', undefined],
      ['start', undefined],
      ['oom', undefined],
      ['die', '137'],
    ]);
    expect(scenario.container('project-hungry-1').Status).toMatch(/137.*memory/i);
  });

  it('goes on until Ctrl-C, and tells of an end that nobody was there to see', async () => {
    scenario = new Scenario({
      'compose.yaml': 'services: {web: {image: host, command: sleep 1000, stop_grace_period: 0s}}',
    });
    scenario.ok('up', '-d');
    const child = scenario.start(['events'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout?.on('data', (chunk) => {
      text += chunk;
    });
    // Until it listens there is nothing to hear: frozen and thawed as often as it takes.
    await eventually('it listens', () => {
      scenario.ok('pause');
      scenario.ok('unpause');
      return text.includes('unpause');
    });
    process.kill(findMonitor(scenario.ok('ps', '-q').stdout.trim()), 'SIGKILL');
    await eventually('the loss is found', () => {
      scenario.ok('up', '-d');
      return /container die .*exitCode=137/.test(text);
    });
    await eventually('it was started again', () => /container die .*container start /s.test(text));
    expect(text).not.toContain('container create');
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([130, null]);
  });
});

describe('stats', () => {
  it('shows what each container uses', async () => {
    scenario = new Scenario({
      'compose.yaml': `
services:
  busy: {image: host, command: sh -c 'while true do true; done', mem_limit: 64m}
  large: {image: host, command: sh -c 'head -c 20000000 /dev/zero > /dev/shm/x && sleep 1000', stop_grace_period: 0s}
  over: {image: host, command: "true"}
`.replace('true do', 'true; do'),
    });
    scenario.ok('up', '-d');
    await eventually('it has ended', () => scenario.container('project-over-1').State === 'exited');
    const rows = () =>
      Object.fromEntries(
        scenario
          .ok('stats', '--no-stream', '--all', '--format', 'json')
          .stdout.trim()
          .split('\n')
          .map((line) => JSON.parse(line))
          .map((row) => [row.Service, row]),
      );
    await eventually('its memory is counted', () => {
      const [, size = '', unit] = /^([\d.]+)([KMG]iB) \/ /.exec(rows().large.MemUsage) ?? [];
      return unit === 'MiB' && Number(size) >= 19;
    });
    // How much of a processor there is to be had is not ours to say: what is busy gets it sooner or later.
    const { busy, large, over } = await eventually('one is busy, and one sleeps', () => {
      const seen = rows();
      const share = (row: { CPUPerc: string }) => Number.parseFloat(row.CPUPerc);
      const isAsExpected = share(seen.busy) > 10 && share(seen.large) < share(seen.busy);
      return isAsExpected && seen.large.PIDs === '2' ? seen : undefined;
    });
    expect(busy.MemUsage).toMatch(/ \/ 64MiB$/);
    expect(busy.PIDs).toBe('1');
    expect(large.NetIO).toMatch(/^[\d.]+k?B \/ [\d.]+k?B$/);
    expect(over).toMatchObject({ CPUPerc: '--', MemUsage: '-- / --', PIDs: '--', Name: 'project-over-1' });
    const table = scenario.ok('stats', '--no-stream', 'large').stdout.split('\n');
    expect(table[0]).toMatch(
      /^CONTAINER ID +NAME +CPU % +MEM USAGE \/ LIMIT +MEM % +NET I\/O +BLOCK I\/O +PIDS$/,
    );
    expect(table).toHaveLength(3);
    expect(scenario.ok('stats', '--no-stream', '--format', '{{.Name}}', 'busy').stdout).toBe(
      'project-busy-1\n',
    );
  });
});
