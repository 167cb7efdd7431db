// A reboot: every process of the instance is killed, cgroups, network and run directory are gone, the boot id is another.
// What remains is the data root. The restart policies say what comes back.

import { once } from 'node:events';
import { readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unless } from '../../src/base/system-error.ts';
import { findContained, findLeftovers, findProcesses } from './host-state.ts';
import { Machine } from './machine.ts';
import { eventually, Scenario } from './scenario.ts';

const compose = `
x-sleeper: &sleeper
  image: host
  command: sleep 600
  init: true
  stop_grace_period: 2s
services:
  web:
    <<: *sleeper
    restart: unless-stopped
    depends_on: {db: {condition: service_healthy}}
    command: sh -c 'if test -f /shared/ready; then echo in order; else echo too early; fi >>/shared/order; exec sleep 600'
    volumes: ["shared:/shared"]
    networks: [front, back]
    ports: ["127.0.0.1:18461:80"]
  db:
    <<: *sleeper
    restart: always
    command: sh -c 'rm -f /shared/ready; sleep 1; touch /shared/ready; echo kept >>/data/file; exec sleep 600'
    healthcheck: {test: test -f /shared/ready, interval: 500ms, start_period: 20s, start_interval: 500ms}
    volumes: ["shared:/shared", "data:/data"]
    networks: [back]
  always-stopped: {<<: *sleeper, restart: always}
  user-stopped: {<<: *sleeper, restart: unless-stopped}
  failing: {<<: *sleeper, restart: on-failure}
  ended: {<<: *sleeper, restart: on-failure, command: "true"}
  never: {<<: *sleeper, restart: "no"}
  created: {<<: *sleeper, restart: always, profiles: [later]}
networks:
  front:
  back:
    internal: true
volumes:
  shared:
  data:
`;

const neighbour = `
services:
  busy: {image: host, command: sleep 600, init: true, restart: always, ports: ["127.0.0.1:18462:80"]}
  free: {image: host, command: sleep 600, init: true, restart: always, depends_on: [busy]}
`;

let scenario: Scenario;
let machine: Machine;
let boots = 0;

beforeEach(async () => {
  machine = await Machine.start();
  scenario = new Scenario({ 'compose.yaml': compose, 'other/compose.yaml': neighbour }, {}, machine.prefix);
});

afterEach(async () => {
  scenario.run('-p', 'other', 'down', '-v', '-t', '1');
  scenario.run('-p', 'project', 'down', '-v', '-t', '1');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
  await machine.stop();
});

function instanceId(): string {
  return (JSON.parse(readFileSync(join(scenario.root, 'instance.json'), 'utf8')) as { id: string }).id;
}

/** All that the kernel and /run had of the instance goes; another network namespace and another /run stand for the new boot. */
async function reboot(): Promise<void> {
  const mark = `tcompose-${instanceId()}`;
  const list = () => [...findProcesses(scenario.root), ...findProcesses(mark)];
  for (const { pid } of list()) killIfThere(pid);
  await eventually('all processes are gone', () => list().length === 0 || undefined);
  for (const cgroup of (findLeftovers(instanceId(), scenario.root)['cgroups'] ?? []).reverse())
    rmdirSync(cgroup);
  await machine.stop();
  machine = await Machine.start();
  scenario.moveTo(machine.prefix);
  boots += 1;
  const bootId = join(scenario.directory, 'boot_id');
  writeFileSync(bootId, `00000000-0000-4000-8000-${String(boots).padStart(12, '0')}\n`);
  machine.run('mount', '--bind', bootId, '/proc/sys/kernel/random/boot_id');
  expect(machine.run('ip', '-o', 'link')).not.toContain(instanceId());
  expect(machine.run('ls', '/run')).not.toContain('tcompose');
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It went with its monitor.
  }
}

function running(project: string): string[] {
  return scenario
    .ps('-p', project)
    .filter((row) => row.State === 'running')
    .map((row) => row.Service)
    .sort();
}

/** Empty if nobody has written to it. */
function volumeFile(volume: string, name: string): string {
  const path = join(scenario.root, 'volumes', volume, '_data', name);
  return unless(['ENOENT'], () => readFileSync(path, 'utf8')) ?? '';
}

/** So often the database has come to its last command, and web after it. */
async function haveLived(times: number): Promise<void> {
  await eventually(
    'web has looked',
    () => volumeFile('project_shared', 'order') === 'in order\n'.repeat(times),
  );
  await eventually('db has written', () => volumeFile('project_data', 'file') === 'kept\n'.repeat(times));
}

function lastOf(service: string): { stoppedBy: string; exitCode: number } {
  const id = scenario.list('containers').find((each) => {
    const record = readFileSync(join(scenario.root, 'containers', each, 'container.json'), 'utf8');
    return (JSON.parse(record) as { service: string }).service === service;
  });
  return JSON.parse(readFileSync(join(scenario.root, 'containers', id!, 'last'), 'utf8'));
}

async function upEverything(): Promise<void> {
  scenario.ok('up', '-d', '--wait');
  await haveLived(1);
  scenario.ok('--profile', 'later', 'create', 'created');
  scenario.ok('stop', 'user-stopped', 'always-stopped');
}

const COMES_BACK = ['always-stopped', 'db', 'failing', 'web'];

describe('system restore after a reboot', () => {
  it('brings back what should come back, in order, and nothing else, without the Compose files', async () => {
    await upEverything();
    await reboot();
    for (const name of ['compose.yaml', 'other']) rmSync(join(scenario.directory, name), { recursive: true });
    expect(running('project')).toEqual([]);
    const restored = scenario.ok('system', 'restore');
    expect(running('project')).toEqual(COMES_BACK);
    expect(restored.stdout).toContain('4 containers started\n');
    // The second life of web began, as the first did, when the database was ready.
    await haveLived(2);
    // Names, networks and the published port are there again.
    const web = scenario.ok('-p', 'project', 'exec', '-T', 'web', 'getent', 'hosts', 'db');
    expect(web.stdout).toMatch(/^172\.|^10\.|^192\.168\./);
    expect(machine.run('ip', '-o', 'link')).toContain(`tc${instanceId()}`);
    expect(machine.run('ss', '-Hltn')).toContain('127.0.0.1:18461');
    // A second run finds nothing to do.
    expect(scenario.ok('system', 'restore').stdout).toBe('nothing started\n');
  });

  it('of several projects: what fails in one keeps nobody else down, and is named', async () => {
    scenario.ok('-f', 'other/compose.yaml', 'up', '-d');
    scenario.ok('up', '-d', 'always-stopped');
    await reboot();
    const taken = machine.spawn(
      process.execPath,
      ['-e', 'require("net").createServer().listen(18462, "127.0.0.1", () => console.log("up"))'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await new Promise((resolve) => taken.stdout?.once('data', resolve));
    const restored = scenario.run('system', 'restore');
    expect(restored.status).toBe(1);
    expect(restored.stderr).toMatch(/project other: .*18462.* already in use/);
    expect(restored.stdout).toContain('2 containers started, 1 failed\n');
    expect(running('project')).toEqual(['always-stopped']);
    expect(running('other')).toEqual(['free']);
    const freed = once(taken, 'exit');
    taken.kill('SIGKILL');
    await freed;
    scenario.ok('system', 'restore');
    expect(running('other')).toEqual(['busy', 'free']);
  });

  it('shows with --dry-run what would come back, and changes nothing', async () => {
    scenario.ok('up', '-d', 'failing', 'never');
    await reboot();
    const shown = scenario.ok('--dry-run', 'system', 'restore').stdout;
    expect(shown).toContain('project-failing-1');
    expect(shown).not.toContain('project-never-1');
    expect(running('project')).toEqual([]);
  });

  it('sets a damaged record aside and brings the others back', async () => {
    scenario.ok('up', '-d', 'failing', 'never', 'always-stopped');
    const damaged = scenario.container('project-failing-1').ID;
    const directory = scenario.list('containers').find((id) => id.startsWith(damaged))!;
    await reboot();
    writeFileSync(join(scenario.root, 'containers', directory, 'container.json'), '{"v":1,');
    scenario.ok('system', 'restore');
    expect(running('project')).toEqual(['always-stopped']);
    rmSync(join(scenario.root, 'containers', `.damaged-${directory}`), { recursive: true });
  });
});

describe('a stop with the host', () => {
  it('by system stop: dependents first, everything, and it comes back', async () => {
    await upEverything();
    const stopped = scenario.ok('system', 'stop');
    expect(stopped.stdout).toContain('4 containers stopped\n');
    expect(running('project')).toEqual([]);
    expect(lastOf('web')).toMatchObject({ stoppedBy: 'host' });
    expect(lastOf('user-stopped')).toMatchObject({ stoppedBy: 'user' });
    await reboot();
    scenario.ok('system', 'restore');
    // Stopped by its signal, it has failed: so says Docker, too.
    expect(running('project')).toEqual(COMES_BACK);
  });

  it('by SIGTERM to a monitor is no wish of the user', async () => {
    scenario.ok('up', '-d', 'failing', 'web');
    const { ID } = scenario.container('project-web-1');
    const id = scenario.list('containers').find((each) => each.startsWith(ID))!;
    const status = JSON.parse(machine.run('cat', `/run/tcompose-${instanceId()}/containers/${id}/status`));
    process.kill((status as { monitorPid: number }).monitorPid, 'SIGTERM');
    await eventually('it has ended', () => scenario.container('project-web-1').State === 'exited');
    expect(lastOf('web')).toMatchObject({ stoppedBy: 'host' });
    expect(findContained(id)).toEqual([]);
    scenario.ok('system', 'restore');
    expect(running('project')).toContain('web');
  });

  it('by the script that install-service writes, there and back', async () => {
    scenario.ok('up', '-d', 'always-stopped');
    const directory = join(scenario.directory, 'init "d" $x %y');
    const install = ['system', 'install-service', '--init', 'sysv', '--directory', directory];
    const name = `tcompose-${instanceId()}`;
    expect(scenario.ok(...install).stdout).toContain(`wrote ${join(directory, name)}`);
    expect(scenario.ok(...install).stdout).toContain('is up to date');
    const script = join(directory, name);
    expect(machine.run('env', '-i', script, 'stop')).toContain('project-always-stopped-1');
    expect(running('project')).toEqual([]);
    await reboot();
    expect(machine.run('env', '-i', script, 'start')).toContain('project-always-stopped-1');
    expect(running('project')).toEqual(['always-stopped']);
    expect(machine.attempt('env', '-i', script, 'bad').status).toBe(2);
    scenario.ok('system', 'uninstall-service', '--init', 'sysv', '--directory', directory);
    expect(readdirSync(directory)).toEqual([]);
  });
});
