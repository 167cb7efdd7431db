// How a runtime is named: registered on the machine, misspelled, not there; and one with a kernel of its own.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Machine } from './machine.ts';
import { Pty } from './pty.ts';
import { forgetRuntimes, gvisor, runc, wrap } from './runtimes.ts';
import { Scenario } from './scenario.ts';

let scenario: Scenario;
let machine: Machine | undefined;

afterEach(async () => {
  scenario.run('down', '-v', '-t', '0');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
  await machine?.stop();
  machine = undefined;
});
afterAll(forgetRuntimes);

const compose = (more: string) =>
  `name: named\nservices:\n  web:\n    image: host\n    command: sleep 630\n    stop_grace_period: 0s\n${more}`;

describe('a name', () => {
  it.each([
    ['of nothing', 'crum', ['runtime "crum" is not registered', 'did you mean "crun"?', 'runtimes.json']],
    ['of a shim', 'io.containerd.kata.v2', ['"io.containerd.kata.v2" is not supported yet']],
    ['that is a path to nothing', '/nowhere/runc', ['there is no program /nowhere/runc']],
  ])('%s is refused at its line, before anything is made', (_, runtime, said) => {
    scenario = new Scenario({ 'compose.yaml': compose(`    runtime: ${runtime}\n`) });
    for (const verb of [['up', '-d'], ['plan']]) {
      const outcome = scenario.run(...verb);
      expect(outcome.status).toBe(1);
      for (const text of [...said, 'compose.yaml:7:14']) expect(outcome.stderr).toContain(text);
    }
    expect(scenario.list('containers')).toEqual([]);
  });

  it.skipIf(!runc.isThere)(
    `may be registered, where Docker's default does not count (${runc.title})`,
    async () => {
      machine = await Machine.start();
      scenario = new Scenario(
        {
          'compose.yaml': compose(
            '    runtime: mine\n  plain: {image: host, command: sleep 631, stop_grace_period: 0s}\n',
          ),
        },
        {},
        machine.prefix,
      );
      const calls = join(scenario.directory, 'calls');
      const mine = wrap('mine', '/usr/sbin/runc', `echo "$@" >> ${calls}`);
      machine.run('mount', '-t', 'tmpfs', 'etc', '/mnt');
      machine.run('mkdir', '/mnt/upper', '/mnt/work');
      machine.run(
        'mount',
        '-t',
        'overlay',
        'etc',
        '-o',
        'lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work',
        '/etc',
      );
      const write = (path: string, value: object) =>
        machine?.run(
          'sh',
          '-c',
          `mkdir -p "$(dirname ${path})"; cat > ${path} <<'E'\n${JSON.stringify(value)}\nE`,
        );
      const runtimes = { mine: { path: mine, runtimeArgs: ['--systemd-cgroup=false'] } };
      write('/etc/docker/daemon.json', { 'default-runtime': 'mine', runtimes });
      scenario.ok('up', '-d');
      const called = readFileSync(calls, 'utf8').trim().split('\n');
      expect(called.map((line) => /(create|start) /.exec(line)?.[1])).toEqual(['create', 'start']);
      expect(called[0]).toMatch(
        /^--systemd-cgroup=false --root \S+\/state --log log --log-format json create /,
      );
      scenario.ok('down');
      expect(readFileSync(calls, 'utf8')).toContain('delete --force');
      write('/etc/tcompose/runtimes.json', {});
      expect(scenario.run('up', '-d').stderr).toContain('runtime "mine" is not registered');
    },
  );

  it("of runc is tcompose's own where that is not installed", async () => {
    machine = await Machine.start();
    scenario = new Scenario({ 'compose.yaml': compose('    runtime: runc\n') }, {}, machine.prefix);
    for (const path of ['/usr/sbin/runc', '/usr/bin/runc', '/usr/local/sbin/runc', '/usr/local/bin/runc'])
      if (existsSync(path)) machine.run('mount', '--bind', '/dev/null', path);
    expect(scenario.ok('up', '-d').stderr).toContain(
      'runtime "runc" is not installed here: tcompose\'s own stands in',
    );
    expect(scenario.container('named-web-1').State).toBe('running');
  });
});

describe(gvisor.title, () => {
  it.skipIf(!gvisor.isThere)(
    'runs a service on a kernel of its own, and says what that cannot have',
    async () => {
      scenario = new Scenario(
        {
          'compose.yaml': compose(
            `    runtime: ${gvisor.name}\n    network_mode: none\n    user: '1000'\n    environment: {A: b}\n` +
              '    healthcheck: {test: [CMD, test, -e, /tmp/ready], interval: 1s, start_interval: 500ms, start_period: 30s}\n' +
              "    post_start: [{command: 'touch /tmp/ready'}]\n    secrets: [word]\nsecrets: {word: {environment: WORD}}\n",
          ),
        },
        { WORD: 'open sesame' },
      );
      scenario.ok('up', '-d', '--wait');
      const inside = scenario.ok(
        'exec',
        '-T',
        'web',
        'sh',
        '-c',
        'dmesg | head -1; id -u; echo $A; cat /run/secrets/word',
      );
      expect(inside.stdout).toMatch(/Starting gVisor/);
      expect(inside.stdout).toMatch(/1000\nb\nopen sesame$/);
      expect(scenario.run('exec', '-T', 'web', 'sh', '-c', 'exit 8').status).toBe(8);
      expect(scenario.run('cp', 'compose.yaml', 'web:/tmp/').stderr).toContain('only that gets into it');
      const pty = new Pty(scenario, "stty rows 21 cols 77; tcompose exec -u 0 web sh -c 'id -u; stty size'");
      await pty.shows('0\n21 77');
      await pty.closed;
      scenario.ok('restart', 'web');
      expect(scenario.ok('stats', '--no-stream').stdout).toContain('named-web-1');
    },
  );
});
