// What `up` does to containers that are there when the files change: what moves with them, what follows them.

import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { Scenario } from './scenario.ts';

let scenario: Scenario;

afterEach(() => {
  scenario.ok('down', '-v', '--remove-orphans', '-t', '1');
  expect([...scenario.list('containers'), ...scenario.list('networks'), ...scenario.list('volumes')]).toEqual(
    [],
  );
  scenario.dispose();
});

const service = (lines: string) => `
    image: host
    command: sleep 600
    init: true
    stop_grace_period: 1s
${lines}`;

function start(compose: string): void {
  scenario = new Scenario({ 'compose.yaml': compose });
  scenario.ok('up', '-d');
}

function change(compose: string): string {
  scenario.write('compose.yaml', compose);
  return scenario.ok('up', '-d').stderr;
}

const ids = () => Object.fromEntries(scenario.ps().map((row) => [row.Name, row.ID]));
const inside = (name: string, ...command: string[]) =>
  scenario.ok('exec', '-T', name, ...command).stdout.trim();

describe('a container that is made anew', () => {
  const compose = (lines: string, networks = '') =>
    `services:\n  db:${service(`    volumes: ["/kept"]\n${lines}`)}\n${networks}`;

  it('keeps its anonymous volume', () => {
    start(compose(''));
    inside('db', 'sh', '-c', 'echo precious > /kept/file');
    const old = ids();
    change(compose('    hostname: other\n'));
    expect(ids()).not.toEqual(old);
    expect(inside('db', 'hostname')).toBe('other');
    expect(inside('db', 'cat', '/kept/file')).toBe('precious');
  });

  it('keeps its anonymous volume when its network is made anew', () => {
    start(compose(''));
    inside('db', 'sh', '-c', 'echo precious > /kept/file');
    const output = change(compose('', 'networks: {default: {internal: true}}\n'));
    expect(output).toContain('Network project_default  Removed');
    expect(inside('db', 'cat', '/kept/file')).toBe('precious');
  });

  it('is made anew once and keeps its volume, however often the command is killed', async () => {
    start(compose(''));
    inside('db', 'sh', '-c', 'echo precious > /kept/file');
    const begun = Date.now();
    change(compose('    hostname: warm-up\n'));
    const span = Date.now() - begun;
    for (let round = 0; round < 10; round += 1) {
      scenario.write('compose.yaml', compose(`    hostname: round-${round}\n`));
      const child = scenario.start(['up', '-d'], { stdio: 'ignore' });
      const ended = once(child, 'exit');
      setTimeout(() => child.kill('SIGKILL'), (span * (round + 1)) / 10);
      await ended;
      scenario.ok('up', '-d');
      expect(scenario.ps().map((row) => `${row.Name} ${row.State}`)).toEqual(['project-db-1 running']);
      expect(inside('db', 'hostname')).toBe(`round-${round}`);
      expect(inside('db', 'cat', '/kept/file')).toBe('precious');
    }
  });

  it('gets a new anonymous volume with -V', () => {
    start(compose(''));
    inside('db', 'sh', '-c', 'echo precious > /kept/file');
    scenario.ok('up', '-d', '--force-recreate', '-V');
    expect(inside('db', 'ls', '/kept')).toBe('');
  });

  it('keeps what it is when nothing changed, and says why when something did', () => {
    start(compose('    environment: {LEVEL: info}\n'));
    const old = ids();
    expect(change(compose('    environment: {LEVEL: info}\n    profiles: []\n'))).toBe(
      ' Project project  Nothing to do\n',
    );
    expect(ids()).toEqual(old);
    scenario.write('compose.yaml', compose('    environment: {LEVEL: debug}\n'));
    const { stdout } = scenario.ok('plan');
    expect(stdout).toMatch(
      /recreate: its configuration changed\n\s+environment\.LEVEL\s+\(changed\)\s+compose\.yaml:\d+:\d+/,
    );
    expect(stdout).not.toContain('debug');
    expect(ids()).toEqual(old);
  });
});

describe('containers around one that is made anew', () => {
  it('follow it into its new network namespace', () => {
    const compose = (lines: string) =>
      `services:\n  vpn:${service(lines)}\n  app:${service('    network_mode: service:vpn\n')}\n`;
    start(compose(''));
    const namespace = (name: string) => inside(name, 'readlink', '/proc/self/ns/net');
    const old = namespace('vpn');
    expect(namespace('app')).toBe(old);
    change(compose('    hostname: other\n'));
    expect(namespace('vpn')).not.toBe(old);
    expect(namespace('app')).toBe(namespace('vpn'));
  });

  it('are restarted if they say so, and left alone if not', () => {
    const compose = (lines: string) =>
      `services:\n  db:${service(lines)}\n  web:${service('    depends_on: {db: {condition: service_started, restart: true}}\n')}\n  cron:${service('    depends_on: [db]\n')}\n`;
    start(compose(''));
    const old = ids();
    // What stat says of the directory in /proc changes when the kernel has forgotten and made it again.
    const birth = (name: string) => inside(name, 'cut', '-d', ' ', '-f', '22', '/proc/1/stat');
    const births = { web: birth('web'), cron: birth('cron') };
    change(compose('    hostname: other\n'));
    expect(ids()).toMatchObject({
      'project-web-1': old['project-web-1'],
      'project-cron-1': old['project-cron-1'],
    });
    expect(birth('cron')).toBe(births.cron);
    expect(birth('web')).not.toBe(births.web);
  });

  it('can swap their published ports', async () => {
    const compose = (a: number, b: number) =>
      `services:\n  a:${service(`    ports: ["127.0.0.1:${a}:80"]\n`)}\n  b:${service(`    ports: ["127.0.0.1:${b}:80"]\n`)}\n`;
    start(compose(18471, 18472));
    change(compose(18472, 18471));
    const ports = scenario.ok('ps', '--format', '{{.Service}} {{.Ports}}').stdout;
    expect(ports).toBe('a 127.0.0.1:18472->80/tcp\nb 127.0.0.1:18471->80/tcp\n');
  });
});
