// run: one-off containers, looked at from inside, from the command line, and after the command is gone.

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { findProcesses } from './host-state.ts';
import { Pty } from './pty.ts';
import { eventually, executable, hears, Scenario } from './scenario.ts';

const compose = `
services:
  web:
    image: host
    command: sh -c 'echo the command of the file'
    environment: {FROM_FILE: file, BOTH: file}
    restart: always
    init: true
    ports: ["127.0.0.1:18471:8080"]
    depends_on:
      db: {condition: service_healthy}
  db:
    image: host
    command: sleep 600
    init: true
    healthcheck: {test: [CMD, "true"], interval: 1s}
  failing:
    image: host
    command: sleep 600
    init: true
    healthcheck: {test: [CMD, "false"], interval: 1s, retries: 1}
    profiles: [failing]
  stuck:
    image: host
    depends_on:
      failing: {condition: service_healthy}
    profiles: [failing]
`;

let scenario: Scenario;

afterEach(async () => {
  scenario.run('--profile', '*', 'down', '-v', '--remove-orphans', '-t', '0');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

const begin = (environment: Record<string, string> = {}) => {
  scenario = new Scenario({ 'compose.yaml': compose, 'more.env': 'FILE=read\nBOTH=env file\n' }, environment);
};

function runWith(input: string, ...args: string[]) {
  return spawnSync(process.execPath, [executable, ...args], {
    cwd: scenario.directory,
    env: scenario.environment,
    input,
    encoding: 'utf8',
    timeout: 60_000,
  });
}

const names = () => scenario.ps().map((row) => row.Name);
const records = () => readdirSync(join(scenario.root, 'containers'));
const record = (id: string) =>
  JSON.parse(readFileSync(join(scenario.root, 'containers', id, 'container.json'), 'utf8'));

describe('run', () => {
  it('waits for what the service depends on, passes streams on, and returns the exit code', () => {
    begin();
    const script = 'cat; echo problem >&2; exit 7';
    const { status, stderr, stdout } = runWith('given\n', 'run', '--rm', '-T', 'web', 'sh', '-c', script);
    expect({ status, stdout }).toEqual({ status: 7, stdout: 'given\n' });
    expect(stderr.split('\n')).toContain('problem');
    expect(scenario.container('project-db-1')).toMatchObject({ State: 'running', Health: 'healthy' });
    expect(names()).toEqual(['project-db-1']);
    expect(records()).toHaveLength(1);
  });

  it('runs the command of the file, publishes nothing and is not restarted', () => {
    begin();
    const { status, stdout } = scenario.run('run', '--no-deps', 'web');
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'the command of the file\n' });
    const [row] = scenario.ps();
    expect(row).toMatchObject({ State: 'exited', Service: 'web' });
    expect(row?.Name).toMatch(/^project-web-run-[0-9a-f]{12}$/);
    const { labels, ports } = record(records()[0] as string);
    expect(ports).toEqual([]);
    expect(labels['com.docker.compose.oneoff']).toBe('True');
    expect(labels['com.docker.compose.slug']).toMatch(/^[0-9a-f]{64}$/);
    expect(row?.Name).toContain(labels['com.docker.compose.slug'].slice(0, 12));
    expect(labels).not.toHaveProperty('com.docker.compose.container-number');
  });

  it('takes from the command line what it says of the container', () => {
    begin({ CALLER: 'caller' });
    const show =
      'echo "$FROM_FILE/$BOTH/$FILE/$CALLER/$GIVEN"; id -un; pwd; ls /mounted; grep CapEff /proc/self/status';
    scenario.write('shared/file', '');
    const args = [
      '-e',
      'CALLER',
      '-e',
      'GIVEN=a=b',
      '--env-from-file',
      'more.env',
      '-u',
      'app',
      '-w',
      '/tmp',
    ];
    const more = ['-v', './shared:/mounted:ro', '-l', 'a.label=x', '--name', 'named', '--no-deps', '-q'];
    const line = ['run', ...args, ...more, '--entrypoint', 'sh -c', 'web', show];
    expect(
      scenario
        .ok(...line)
        .stdout.split('\n')
        .slice(0, 4),
    ).toEqual(['file/env file/read/caller/a=b', 'app', '/tmp', 'file']);
    expect(names()).toEqual(['named']);
    expect(record(records()[0] as string).labels['a.label']).toBe('x');
    const capabilities = (...flags: string[]) =>
      scenario.ok('run', '--rm', '--no-deps', ...flags, 'web', 'grep', 'CapEff', '/proc/self/status').stdout;
    const bits = (text: string) => BigInt(`0x${text.trim().split(/\s+/)[1]}`);
    const [plain, added] = [bits(capabilities()), bits(capabilities('--cap-add', 'NET_ADMIN'))];
    expect(added & ~plain).toBe(1n << 12n);
    expect(bits(capabilities('--cap-drop', 'ALL'))).toBe(0n);
  });

  it('publishes ports only if asked, and never takes those of a replica', async () => {
    begin();
    const serve = ['web', 'sh', '-c', 'exec sleep 600'];
    const id = scenario.ok('run', '-d', '--no-deps', '-P', ...serve).stdout.trim();
    expect(record(id).ports).toMatchObject([{ address: '127.0.0.1', port: 18471, target: 8080 }]);
    const second = scenario.run('run', '-d', '--no-deps', '-P', ...serve);
    expect(second.status).toBe(1);
    expect(second.stderr).toContain('18471');
    expect(scenario.ps()).toHaveLength(1);
    const other = scenario.ok('run', '-d', '--no-deps', '-p', '127.0.0.1:18472:80', ...serve).stdout.trim();
    expect(record(other).ports).toMatchObject([{ port: 18472, target: 80 }]);
    expect(scenario.run('run', '-P', '-p', '1:1', 'web').status).toBe(2);
  });

  it('leaves nothing when it cannot start, or what it depends on fails', () => {
    begin();
    expect(scenario.run('run', '--rm', '--no-deps', 'web', 'no-such-program').status).toBe(127);
    expect(records()).toEqual([]);
    const { status, stderr } = scenario.run('--profile', 'failing', 'run', 'stuck', 'true');
    expect(status).not.toBe(0);
    expect(stderr).toContain('failing');
    expect(names()).toEqual(['project-failing-1']);
    const before = names();
    expect(scenario.run('--dry-run', 'run', 'web', 'true').stdout).toContain('project-web-run-');
    expect(scenario.run('run', '--entrypoint', '"open', 'web').status).toBe(2);
    expect(scenario.run('run', '-v', 'aa:bb:cc:dd', 'web').status).toBe(2);
    expect(scenario.run('run', 'nobody').status).not.toBe(0);
    expect(names()).toEqual(before);
  });

  it('in the background with --rm is removed by its monitor, its anonymous volumes by the next command', async () => {
    begin();
    const id = scenario
      .ok(
        'run',
        '-d',
        '--rm',
        '--no-deps',
        '-v',
        '/scratch',
        'web',
        'sh',
        '-c',
        'until [ -e /scratch/end ]; do sleep 0.1; done',
      )
      .stdout.trim();
    expect(names()).toHaveLength(1);
    const [volume = '', ...others] = scenario.list('volumes');
    expect([volume, others]).toEqual([expect.stringMatching(/./), []]);
    writeFileSync(join(scenario.root, 'volumes', volume, '_data/end'), '');
    await eventually('it is gone', () => !existsSync(join(scenario.root, 'containers', id)));
    // What its monitor still works on no command touches.
    await eventually('so is its monitor', () => findProcesses(id).length === 0);
    expect(names()).toEqual([]);
    scenario.ok('up', '-d', 'db');
    expect(records()).toHaveLength(1);
    expect(scenario.list('volumes')).toEqual([]);
  });

  it('passes signals on, and goes on without a command that was killed', async () => {
    begin();
    const script = 'trap "echo asked to end; exit 3" TERM; echo ready; while :; do sleep 0.1; done';
    const run = scenario.start(['run', '--no-deps', '-T', 'web', 'sh', '-c', script]);
    let shown = '';
    run.stdout?.on('data', (bytes) => {
      shown += bytes;
    });
    await eventually('it runs', () => shown.includes('ready'));
    // Of the signals that are passed on, one that nobody else hears.
    await hears(run, 'SIGUSR2');
    run.kill('SIGTERM');
    expect(await once(run, 'close')).toEqual([3, null]);
    expect(shown).toBe('ready\nasked to end\n');

    const killed = scenario.start(['run', '--no-deps', '-T', '--name', 'orphan', 'web', 'sh', '-c', script]);
    await eventually(
      'it is started',
      () => names().includes('orphan') && scenario.container('orphan').State === 'running',
    );
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    expect(scenario.container('orphan')).toMatchObject({ State: 'running', Service: 'web' });
    // Replicas are somebody else: neither up nor down of the services touches it.
    scenario.ok('down', '-t', '0');
    expect(scenario.container('orphan').State).toBe('running');
    scenario.ok('down', '--remove-orphans', '-t', '0');
    expect(names()).toEqual([]);
  });

  it('gives the command a terminal: its size, its job control, its window changes', async () => {
    begin();
    const pty = new Pty(
      scenario,
      'stty rows 31 cols 99; tcompose run -q --rm --no-deps web sh; echo "code $?"; stty -a',
    );
    pty.type('tty; stty size; echo $TERM\n');
    await pty.shows('/dev/pts/0\n31 99\nxterm\n');
    // What is typed shows at once; what the commands print shows that the terminal is theirs.
    pty.type("sh -c 'echo sleeping; exec sleep 500'\n");
    await pty.shows('sleeping\n');
    pty.type('\u001a');
    await pty.shows('Stopped');
    pty.type('kill %1; fg; echo "ended $?"\n');
    await pty.shows('ended 143');
    pty.type("sh -c 'echo reading; exec cat'\n");
    await pty.shows('reading\n');
    pty.type('\u0003echo interrupted\n');
    await pty.shows('interrupted\n');
    pty.type('exit 9\n');
    await pty.shows('code 9');
    await pty.shows(' icanon');
    pty.child.stdin?.end();
    await pty.closed;
    expect(records()).toEqual([]);
  });

  it('is left alone by the detach keys, those of the docker CLI too', async () => {
    begin();
    scenario.write('.docker/config.json', '{"detachKeys": "ctrl-x,x"}');
    const directory = join(scenario.directory, '.docker');
    const line = 'tcompose run -q --no-deps --name console web sh; echo "code $?"; stty -a';
    const pty = new Pty(scenario, line, { DOCKER_CONFIG: directory });
    pty.type('echo $((40+2))\n');
    await pty.shows('42\n');
    pty.type('\u0018x');
    await pty.shows('console goes on');
    await pty.shows('code 0');
    await pty.shows(' icanon');
    pty.child.stdin?.end();
    await pty.closed;
    expect(scenario.container('console').State).toBe('running');
  });

  it('leaves the terminal as it was, whatever ends it', async () => {
    begin();
    scenario.ok('up', '-d', 'db');
    for (const [signal, command] of [
      ['SIGHUP', 'sleep 300'],
      ['SIGTERM', 'sleep 301'],
    ] as const) {
      const pty = new Pty(
        scenario,
        `stty -g > before; tcompose exec db ${command}; stty -g > after; echo over`,
      );
      await eventually('it runs', () => scenario.ok('top', 'db').stdout.includes(command));
      process.kill(await pty.pid(), signal);
      await pty.shows('over\n');
      pty.child.stdin?.end();
      await pty.closed;
      const saved = (name: string) => readFileSync(join(scenario.directory, name), 'utf8');
      expect(saved('after')).toBe(saved('before'));
    }
  });
});
