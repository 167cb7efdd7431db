// What people and scripts are used to from Docker Compose, where it is easily done otherwise. Each was compared with Docker
// Compose 2.40.3 on dockerd 28.5: docs/compatibility.md tells what differs on purpose.

import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, executable, Scenario } from './scenario.ts';

const compose = `
services:
  web:
    image: host
    init: true
    command: sh -c 'echo "a line"; exec sleep 600'
    ports: ["18491:80"]
    volumes: [data:/data, /anonymous]
  job:
    image: host
    command: sh -c 'exit 3'
volumes:
  data: {}
`;

let scenario: Scenario;

beforeEach(() => {
  scenario = new Scenario({ 'compose.yaml': compose });
});

afterEach(async () => {
  scenario.run('down', '-v', '--remove-orphans', '-t', '0');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

function runWith(input: string, ...args: string[]) {
  const { directory: cwd, environment: env } = scenario;
  return spawnSync(process.execPath, [executable, ...args], { cwd, env, input, encoding: 'utf8' });
}

const names = () => scenario.ps().map((row) => row.Name);

describe('scripts', () => {
  it('start fails where there is nothing to start, so that `start || up -d` goes on', () => {
    expect(scenario.run('start')).toMatchObject({ status: 1, stderr: expect.stringContaining('up -d') });
    scenario.ok('up', '-d', 'web');
    expect(scenario.run('start', 'job').status).toBe(1);
    expect(scenario.run('start').status).toBe(0);
  });

  it('stop and remove services that have no container yet', () => {
    for (const line of ['stop job', 'kill job', 'rm -fsv job', 'restart job', 'pause job', 'unpause job']) {
      expect([line, scenario.run(...line.split(' ')).status]).toEqual([line, 0]);
    }
    expect(scenario.run('stop', 'nosuch')).toMatchObject({ status: 1, stderr: /no such service: nosuch/ });
  });

  it('take the output of port for one address', () => {
    scenario.ok('up', '-d', 'web');
    expect(scenario.ok('port', 'web', '80').stdout).toBe('0.0.0.0:18491\n');
  });

  it('exec goes to a directory that there is, and makes none', () => {
    scenario.ok('up', '-d', 'web');
    expect(scenario.ok('exec', '-T', '-w', '/tmp', 'web', 'pwd').stdout).toBe('/tmp\n');
    const missing = scenario.run('exec', '-T', '-w', '/nosuch', 'web', 'pwd');
    expect(missing).toMatchObject({ status: 125, stderr: expect.stringContaining('/nosuch') });
    expect(scenario.run('exec', '-T', 'web', 'test', '-e', '/nosuch').status).toBe(1);
  });

  it('answer rm over a pipe; nobody there means no', () => {
    scenario.ok('up', '-d');
    scenario.ok('stop', '-t', '0');
    expect(runWith('', 'rm').status).toBe(0);
    expect(runWith('n\n', 'rm').status).toBe(0);
    expect(names()).toEqual(['project-job-1', 'project-web-1']);
    expect(runWith('y\n', 'rm', 'job').status).toBe(0);
    expect(names()).toEqual(['project-web-1']);
    expect(scenario.ok('rm', '-f').stdout).toBe('Going to remove project-web-1\n');
    expect(names()).toEqual([]);
  });
});

describe('lists', () => {
  it('ls counts what runs, and with -a what does not', () => {
    scenario.ok('up', '-d');
    expect(scenario.run('wait', 'job').status).toBe(3);
    const status = (...args: string[]) =>
      JSON.parse(scenario.ok('ls', '--format', 'json', ...args).stdout)[0];
    expect(status()).toMatchObject({ Name: 'project', Status: 'running(1)' });
    expect(status('-a')).toMatchObject({ Status: 'exited(1), running(1)' });
    scenario.ok('pause', 'web');
    expect(status()).toMatchObject({ Status: 'paused(1)' });
    scenario.ok('unpause', 'web');
    scenario.ok('stop', '-t', '0');
    expect(status()).toBeUndefined();
  });

  it('volumes has those that have a name, and says where they are', () => {
    scenario.ok('up', '-d', 'web');
    const [volume, ...others] = scenario.ok('volumes', '--format', 'json').stdout.trim().split('\n');
    expect(others).toEqual([]);
    expect(JSON.parse(volume ?? '')).toMatchObject({
      Name: 'project_data',
      Mountpoint: `${scenario.root}/volumes/project_data/_data`,
    });
    expect(scenario.ok('volumes', '-aq').stdout.trim().split('\n')).toHaveLength(2);
  });

  it('heads lines with what the user knows the container by', () => {
    scenario.write(
      'names.yaml',
      `
services:
  plain: {image: host, command: echo one}
  named: {image: host, container_name: the_name, command: echo two}
`,
    );
    const lines = (...args: string[]) =>
      scenario
        .ok('-f', 'names.yaml', ...args)
        .stdout.split('\n')
        .toSorted();
    expect(lines('up')).toEqual([
      '',
      'plain-1   | one',
      'plain-1 exited with code 0',
      'the_name  | two',
      'the_name exited with code 0',
    ]);
    expect(lines('logs')).toEqual(['', 'plain-1   | one', 'the_name  | two']);
    scenario.ok('-f', 'names.yaml', 'down');
    expect(lines('--compatibility', 'up', 'plain')).toContain('plain_1  | one');
    scenario.ok('-f', 'names.yaml', 'down');
  });

  it('logs of a replica that is not there is an error', async () => {
    scenario.ok('up', '-d', 'web');
    const log = () => scenario.ok('logs', '--index', '1', '--tail', '-1', 'web').stdout;
    await eventually('it has printed', () => log() !== '');
    expect(log()).toBe('web-1  | a line\n');
    expect(scenario.run('logs', '--index', '2', 'web').status).toBe(1);
  });
});
