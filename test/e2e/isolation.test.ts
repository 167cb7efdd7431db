// What separates services, and what they share when asked to: through the command line, seen from inside.

import { readlinkSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { eventually, Scenario } from './scenario.ts';

let scenario: Scenario;

afterEach(async () => {
  scenario.run('down', '-v', '-t', '0');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

const pidOf = (service: string) =>
  scenario.ok('top', service).stdout.trimEnd().split('\n')[1]?.split(/ {2,}/)[3] ?? '';

it('shares namespaces with another service, started first, and follows it when it is recreated', async () => {
  const compose = (word: string) => `
services:
  tool:
    image: host
    command: sleep 605
    pid: service:web
    ipc: service:web
    stop_grace_period: 0s
  web:
    image: host
    command: sh -c 'echo ${word} > /dev/shm/word; exec sleep 604'
    ipc: shareable
    stop_grace_period: 0s
`;
  scenario = new Scenario({ 'compose.yaml': compose('one') });
  const shared = () =>
    ['pid', 'ipc', 'uts'].filter(
      (type) =>
        readlinkSync(`/proc/${pidOf('tool')}/ns/${type}`) ===
        readlinkSync(`/proc/${pidOf('web')}/ns/${type}`),
    );
  const inTool = (path: string) => scenario.run('exec', '-T', 'tool', 'cat', path).stdout;
  scenario.ok('up', '-d');
  expect(shared()).toEqual(['pid', 'ipc']);
  await eventually('the first process of web sleeps', () => inTool('/proc/1/comm') === 'sleep\n');
  expect(scenario.ok('exec', '-T', 'tool', 'cat', '/dev/shm/word').stdout).toBe('one\n');
  scenario.write('compose.yaml', compose('two'));
  scenario.ok('up', '-d');
  expect(shared()).toEqual(['pid', 'ipc']);
  await eventually('it has written', () => inTool('/dev/shm/word') === 'two\n');
});

it('says before anything is made that a container to share with is not there', () => {
  scenario = new Scenario({
    'compose.yaml': 'services: {web: {image: host, command: sleep 606, pid: "container:nobody"}}',
  });
  const outcome = scenario.run('up', '-d');
  expect(outcome.status).toBe(1);
  expect(outcome.stderr).toContain('pid: container:nobody: there is no such container');
  expect(scenario.ok('ps', '-a', '-q').stdout).toBe('');
});

it('confines by a seccomp profile beside the Compose file, and recreates when that changes', () => {
  const profile = (errnoRet: number) =>
    JSON.stringify({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet }],
    });
  scenario = new Scenario({
    'compose.yaml':
      'services: {web: {image: host, command: sleep 607, stop_grace_period: 0s, security_opt: ["seccomp=profiles/no-mkdir.json"]}}',
    'profiles/no-mkdir.json': profile(30),
  });
  const mkdir = () => scenario.run('exec', '-T', 'web', 'mkdir', '/x').stderr;
  scenario.ok('up', '-d');
  expect(mkdir()).toContain('Read-only file system');
  scenario.write('profiles/no-mkdir.json', profile(28));
  expect(scenario.ok('plan').stdout).toContain('security_opt.seccomp');
  scenario.ok('up', '-d');
  expect(mkdir()).toContain('No space left on device');
  scenario.write('profiles/no-mkdir.json', '{"defaultAction":"SCMP_ACT_MAYBE"}');
  const outcome = scenario.run('up', '-d');
  expect(outcome.status).toBe(1);
  expect(outcome.stderr).toContain('profiles/no-mkdir.json: defaultAction is not an action');
  expect(outcome.stderr).toContain('compose.yaml:1:');
  expect(mkdir()).toContain('No space left on device');
});

it('says that a service ran out of memory', () => {
  scenario = new Scenario({
    'compose.yaml':
      'services: {web: {image: host, mem_limit: 16m, command: sh -c "x=a; while :; do x=$$x$$x$$x$$x; done"}}',
  });
  scenario.ok('up', '-d');
  expect(scenario.run('wait', 'web').status).toBe(137);
  expect(scenario.ok('ps', '-a').stdout).toContain('out of memory');
  const [row] = scenario
    .ok('ps', '-a', '--format', 'json')
    .stdout.trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(row).toMatchObject({ State: 'exited', ExitCode: 137 });
  expect(row.Status).toContain('out of memory');
});
