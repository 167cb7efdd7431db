// The CLI while it stays with containers: attached up, followed logs, exec. What a terminal's user sees and can do.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually, executable, Scenario } from './scenario.ts';

const compose = `
services:
  web:
    image: host
    command: sh -c 'echo hello from web; exec sleep 600'
    init: true
    depends_on: [db]
  db:
    image: host
    command: sh -c 'echo hello from db; exec sleep 600'
    init: true
  stubborn:
    image: host
    command: sh -c 'trap "" TERM; echo deaf; while :; do sleep 600 & wait; done'
    stop_grace_period: 600s
    profiles: [stubborn]
  tests:
    image: host
    command: sh -c 'echo testing; exit 3'
    depends_on: [db]
    profiles: [tests]
  job:
    image: host
    command: "true"
    profiles: [jobs]
  after:
    image: host
    command: sleep 600
    init: true
    profiles: [jobs]
    depends_on:
      job: {condition: service_completed_successfully}
`;

let scenario: Scenario;

afterEach(async () => {
  scenario.run('--profile', '*', 'down', '-v', '-t', '0');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  stdout: string;
  stderr: string;
}

function start(...args: string[]): Running {
  const child = scenario.start(args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const running: Running = {
    child,
    ended: once(child, 'close').then(([code, signal]) => ({ code, signal })),
    stdout: '',
    stderr: '',
  };
  child.stdout?.on('data', (bytes) => {
    running.stdout += bytes;
  });
  child.stderr?.on('data', (bytes) => {
    running.stderr += bytes;
  });
  return running;
}

const shows = (running: Running, text: string) =>
  eventually(`"${text}" on standard output`, () => running.stdout.includes(text) || undefined);

const states = () => Object.fromEntries(scenario.ps().map((row) => [row.Service, row.State]));

describe('an attached up', () => {
  it('shows what containers print, and stops them on Ctrl-C, dependents first', async () => {
    scenario = new Scenario({ 'compose.yaml': compose });
    const up = start('up');
    await shows(up, 'web-1  | hello from web\n');
    await shows(up, 'db-1   | hello from db\n');
    up.child.kill('SIGINT');
    expect(await up.ended).toEqual({ code: 130, signal: null });
    expect(up.stderr).toContain('Gracefully stopping');
    expect(up.stderr.indexOf('web-1  Stopped')).toBeLessThan(up.stderr.indexOf('db-1  Stopping'));
    expect(up.stdout).toContain('web-1 exited with code 143\n');
    expect(states()).toEqual({ web: 'exited', db: 'exited' });
  });

  it('kills on a second Ctrl-C what does not stop', async () => {
    scenario = new Scenario({ 'compose.yaml': compose });
    const up = start('up', 'stubborn');
    await shows(up, 'deaf');
    up.child.kill('SIGINT');
    await eventually('it asks to stop', () => up.stderr.includes('Stopping') || undefined);
    up.child.kill('SIGINT');
    expect(await up.ended).toEqual({ code: 130, signal: null });
    expect(scenario.ps('-a')).toMatchObject([{ Service: 'stubborn', State: 'exited', ExitCode: 137 }]);
  });

  it('leaves containers alone when its terminal goes away, and finds them again', async () => {
    scenario = new Scenario({ 'compose.yaml': compose });
    const up = start('up');
    await shows(up, 'hello from web');
    await shows(up, 'hello from db');
    up.child.kill('SIGHUP');
    expect(await up.ended).toEqual({ code: null, signal: 'SIGHUP' });
    const before = scenario.ps().map((row) => row.ID);
    expect(states()).toEqual({ web: 'running', db: 'running' });
    const again = start('up');
    await eventually('it is attached', () => {
      scenario.ok('exec', '-T', 'web', 'sh', '-c', 'echo later > /proc/1/fd/1');
      return again.stdout.includes('web-1  | later') || undefined;
    });
    again.child.kill('SIGTERM');
    expect((await again.ended).code).toBe(130);
    expect(scenario.ps().map((row) => row.ID)).toEqual(before);
    expect(again.stdout).not.toContain('hello from');
  });

  it('returns the exit code of --exit-code-from, and stops the rest', () => {
    scenario = new Scenario({ 'compose.yaml': compose });
    const { status, stderr, stdout } = scenario.run('up', '--exit-code-from', 'tests', 'tests');
    expect(status).toBe(3);
    expect(stdout).toBe('tests-1  | testing\ntests-1 exited with code 3\n');
    expect(stderr).toContain('Aborting on container exit');
    expect(scenario.container('project-db-1').State).toBe('exited');
  });
});

describe('up --wait', () => {
  it('takes the success of a one-shot that others wait for as success', () => {
    scenario = new Scenario({ 'compose.yaml': compose });
    scenario.ok('--profile', 'jobs', 'up', '--wait', 'after', 'job');
    expect(states()).toEqual({ job: 'exited', after: 'running' });
  });
});

describe('logs -f', () => {
  it('goes on with what comes until Ctrl-C', async () => {
    scenario = new Scenario({ 'compose.yaml': compose });
    scenario.ok('up', '-d');
    const logs = start('logs', '-f', '--no-log-prefix', 'web');
    await shows(logs, 'hello from web\n');
    scenario.ok('exec', '-T', 'web', 'sh', '-c', 'echo later > /proc/1/fd/1');
    await shows(logs, 'later\n');
    logs.child.kill('SIGINT');
    expect(await logs.ended).toEqual({ code: 130, signal: null });
    expect(logs.stderr).toBe('');
  });
});

describe('exec', () => {
  it('passes on input, output, variables and the exit code', () => {
    scenario = new Scenario({ 'compose.yaml': compose }, { PASSED: 'on' });
    scenario.ok('up', '-d');
    const script = 'read line; echo "$line $A $PASSED"; echo problem >&2; exit 9';
    const args = ['exec', '-T', '-e', 'A=1', '-e', 'PASSED', 'web', 'sh', '-c', script];
    const run = spawnSync(process.execPath, [executable, ...args], {
      cwd: scenario.directory,
      env: scenario.environment,
      input: 'given\n',
      encoding: 'utf8',
    });
    expect(run).toMatchObject({ status: 9, stdout: 'given 1 on\n', stderr: 'problem\n' });
    expect(scenario.run('exec', '-T', 'web', 'no-such-program').status).toBe(127);
    expect(scenario.run('exec', '-T', 'web', '/etc/passwd').status).toBe(126);
    expect(
      scenario.run('exec', '-T', '-u', 'app', '-w', '/tmp', 'web', 'sh', '-c', 'id -un; pwd').stdout,
    ).toBe('app\n/tmp\n');
  });

  it('gives the command a terminal of the size of the caller, and leaves the own as it was', async () => {
    scenario = new Scenario({ 'compose.yaml': compose });
    scenario.ok('up', '-d');
    const inside = `${process.execPath} ${executable} exec web sh -c 'tty; stty size; exit 5'`;
    const line = `stty rows 33 cols 101; stty -g > before; ${inside}; echo $?; stty -g > after; cmp before after && echo same`;
    // Its input stays open: at the end of it, script would type an end of file.
    const child = spawn('script', ['-qec', line, '/dev/null'], {
      cwd: scenario.directory,
      env: { ...scenario.environment, TERM: 'xterm' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let shown = '';
    child.stdout.on('data', (bytes) => {
      shown += bytes;
    });
    await once(child, 'close');
    expect(shown.replaceAll('\r', '')).toBe('/dev/pts/0\n33 101\n5\nsame\n');
  });
});
