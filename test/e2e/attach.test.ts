// attach: into a running service, by several at once, and out again.

import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { Pty } from './pty.ts';
import { eventually, hears, Scenario } from './scenario.ts';

const compose = `
services:
  shell:
    image: host
    command: sh
    tty: true
    stdin_open: true
  lines:
    image: host
    command: sh -c 'while read line; do echo "got $$line"; done; sleep 600'
    stdin_open: true
    init: true
  deaf:
    image: host
    command: sh -c 'trap "echo asked; exit 4" INT; echo begin; while :; do echo tick; sleep 0.1; done'
`;

let scenario: Scenario;

afterEach(async () => {
  scenario.run('down', '-v', '-t', '0');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

function attachTo(...args: string[]) {
  const child = scenario.start(['attach', ...args]);
  const attached = { child, ended: once(child, 'close'), shown: '', errors: '' };
  child.stdout?.on('data', (bytes) => {
    attached.shown += bytes;
  });
  child.stderr?.on('data', (bytes) => {
    attached.errors += bytes;
  });
  return attached;
}

describe('attach', () => {
  it('is one of several that see and type, and goes on after the end of its input', async () => {
    scenario = new Scenario({ 'compose.yaml': compose });
    scenario.ok('up', '-d', 'lines');
    const [one, two] = [attachTo('lines'), attachTo('--no-stdin', 'lines')];
    // Until both are there: what is printed before is not theirs to see.
    await eventually('both are attached', () => {
      one.child.stdin?.write('here\n');
      return one.shown.includes('got here') && two.shown.includes('got here');
    });
    one.child.stdin?.end();
    two.child.stdin?.end('nobody types this\n');
    const third = attachTo('lines');
    await eventually('the third is attached', () => {
      third.child.stdin?.write('third\n');
      return [one, two, third].every(({ shown }) => shown.includes('got third'));
    });
    expect(two.shown).not.toContain('nobody');
    scenario.ok('kill', 'lines');
    for (const { ended } of [one, two, third]) expect(await ended).toEqual([137, null]);
  });

  it('passes signals on unless told not to', async () => {
    scenario = new Scenario({ 'compose.yaml': compose });
    scenario.ok('up', '-d', 'deaf');
    const quiet = attachTo('--sig-proxy=false', 'deaf');
    await eventually('it is attached', () => quiet.shown.includes('tick'));
    // Of the signals that may be passed on, one that nobody else hears.
    await hears(quiet.child, 'SIGUSR2');
    quiet.child.kill('SIGINT');
    expect(await quiet.ended).toEqual([130, null]);
    expect(scenario.container('project-deaf-1').State).toBe('running');
    const proxy = attachTo('deaf');
    await eventually('it is attached', () => proxy.shown.includes('tick'));
    await hears(proxy.child, 'SIGUSR2');
    proxy.child.kill('SIGINT');
    expect(await proxy.ended).toEqual([4, null]);
    expect(proxy.shown).toMatch(/asked\n$/);
  });

  it('is at the terminal of the service, and leaves it by the detach keys', async () => {
    scenario = new Scenario({ 'compose.yaml': compose });
    scenario.ok('up', '-d', 'shell');
    const pty = new Pty(
      scenario,
      'stty rows 22 cols 88; tcompose attach --detach-keys q,q shell; echo "code $?"; stty -a',
    );
    await eventually('its terminal is the service’s', () => {
      pty.type('stty size\n');
      return pty.shown.includes('\n22 88\n');
    });
    // One of the keys alone, and not what is typed.
    pty.type('echo $((40+2))q\n');
    await pty.shows('42q\n');
    pty.type('qq');
    await pty.shows('code 0');
    await pty.shows(' icanon');
    pty.child.stdin?.end();
    await pty.closed;
    expect(scenario.container('project-shell-1').State).toBe('running');
    await eventually('it is in the log', () => scenario.ok('logs', 'shell').stdout.includes('22 88'));
  });

  it('says what keeps it from attaching', () => {
    scenario = new Scenario({ 'compose.yaml': compose });
    scenario.ok('up', '-d', 'deaf');
    scenario.ok('stop', '-t', '0', 'deaf');
    expect(scenario.run('attach', 'deaf').stderr).toContain('project-deaf-1 is exited, not running');
    expect(scenario.run('attach', 'nobody').status).toBe(1);
    expect(scenario.run('attach', '--detach-keys', 'ctrl-1', 'deaf').status).toBe(2);
    expect(scenario.run('attach').status).toBe(2);
  });
});
