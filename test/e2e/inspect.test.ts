// inspect: what Docker's scripts ask about a container, held against the container.

import { readFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { eventually, Scenario } from './scenario.ts';

let scenario: Scenario;

afterEach(async () => {
  scenario.run('down', '-v', '-t', '1');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

const ask = (name: string, format: string) => scenario.ok('inspect', '-f', format, name).stdout.trim();
const inspect = (...names: string[]) => JSON.parse(scenario.ok('inspect', ...names).stdout);

it('tells of a container what is true of it', async () => {
  scenario = new Scenario({
    'compose.yaml': `
services:
  web:
    image: host
    command: sleep 1000
    hostname: inner
    user: "1:1"
    environment: {COLOR: "blue"}
    labels: {a.label: b}
    ports: ["127.0.0.1:18093:80"]
    volumes: ["data:/data:ro"]
    restart: on-failure:3
    mem_limit: 64m
    cpus: 0.5
    init: true
    healthcheck: {test: ["CMD-SHELL", "echo probed; exit 1"], interval: 100ms, retries: 1}
volumes: {data: {}}
`,
  });
  scenario.ok('up', '-d');
  await eventually('it is ill', () => ask('project-web-1', '{{.State.Health.Status}}') === 'unhealthy');
  const [seen] = inspect('project-web-1');
  expect(seen.Name).toBe('/project-web-1');
  expect(readFileSync(`/proc/${seen.State.Pid}/cmdline`, 'utf8')).toContain('sleep\0');
  expect(seen.State).toMatchObject({ Status: 'running', Running: true, OOMKilled: false, ExitCode: 0 });
  expect(seen.State.Health.Log.at(-1)).toMatchObject({ ExitCode: 1, Output: 'probed\n' });
  expect(seen.Config).toMatchObject({ Hostname: 'inner', User: '1:1', Uid: 1, Gid: 1 });
  expect(seen.Config.Env).toContain('COLOR=blue');
  expect(seen.Config.Labels).toMatchObject({ 'a.label': 'b', 'com.docker.compose.service': 'web' });
  expect(seen.HostConfig).toMatchObject({
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
    Memory: 64 * 1024 * 1024,
    NanoCpus: 500_000_000,
    PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '18093' }] },
  });
  expect(seen.Mounts).toEqual([
    expect.objectContaining({ Type: 'volume', Name: 'project_data', Destination: '/data', RW: false }),
  ]);
  const address = scenario.ok('exec', '-T', 'web', 'hostname', '-I').stdout.trim().split(' ')[0];
  expect(ask('project-web-1', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}')).toBe(address);
  expect(ask(seen.Id.slice(0, 12), '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}')).toBe(
    '18093',
  );
});

it('tells why a container ended, and of which names there is none', async () => {
  scenario = new Scenario({
    'compose.yaml': `
services:
  hungry:
    image: host
    command: ["node", "-e", "const kept = []; for (;;) kept.push(Buffer.alloc(1 << 20, 1))"]
    mem_limit: 48m
    memswap_limit: 48m
  done: {image: host, command: sh -c 'exit 3'}
`,
  });
  scenario.ok('up', '-d');
  const state = (name: string) => ask(name, '{{.State.Status}} {{.State.OOMKilled}} {{.State.ExitCode}}');
  await eventually('it is killed', () => state('project-hungry-1') === 'exited true 137');
  await eventually('it is done', () => state('project-done-1') === 'exited false 3');
  const { status, stderr, stdout } = scenario.run('inspect', 'project-done-1', 'project-dome-1');
  expect(JSON.parse(stdout)).toHaveLength(1);
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringContaining('there is no container project-dome-1'),
  });
});
