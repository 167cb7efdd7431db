// A project whose containers have ids of their own: through the command line, looked at from inside and from the host.

import { readFileSync, statSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { eventually, Scenario } from './scenario.ts';

let scenario: Scenario;

afterEach(async () => {
  scenario.run('down', '-v', '-t', '0');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

const exec = (service: string, script: string, ...flags: string[]) =>
  scenario.ok('exec', '-T', ...flags, service, 'sh', '-c', script).stdout.trim();

const mapOf = (service: string) => exec(service, 'cat /proc/self/uid_map').split(/\s+/).map(Number);

/** The owners of the files that a service has in its volume, as the host sees them. */
function ownerOf(volume: string, file: string): number[] {
  const { uid, gid } = statSync(join(scenario.root, 'volumes', volume, '_data', file));
  return [uid, gid];
}

const compose = (userns: string) => `
name: remapped
x-tcompose: {userns: ${userns}}
services:
  web:
    image: host
    command: node /srv/app/server.mjs
    volumes: ['./app:/srv/app:ro', 'data:/data']
    ports: ['127.0.0.1:18931:8000']
    healthcheck: {test: [CMD-SHELL, 'test "$$(id -u)" = 0 && test -O /data'], interval: 200ms, start_period: 20s}
    stop_grace_period: 0s
    secrets: [{source: word, uid: '1000', mode: 0400}]
    configs: [{source: note, uid: '1000', gid: '2', mode: 0640}]
    tmpfs: ['/cache:uid=1000,mode=700']
  plain:
    image: host
    userns_mode: host
    command: sleep 611
    volumes: ['data:/data']
    stop_grace_period: 0s
    depends_on: {web: {condition: service_healthy}}
volumes: {data: {}}
secrets: {word: {environment: WORD}}
configs: {note: {content: a note}}
`;

const SERVER = `import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
writeFileSync('/data/made', 'by web');
createServer((_, answer) => answer.end('uid ' + process.getuid())).listen(8000);
console.log('listening');
`;

function fetchText(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

it('maps root to nobody of the host, and everything goes on working', async () => {
  scenario = new Scenario(
    { 'compose.yaml': compose('auto'), 'app/server.mjs': SERVER },
    { WORD: 'open sesame' },
  );
  scenario.ok('up', '-d', '--wait');
  const [inside, outside = 0, size] = mapOf('web');
  expect([inside, size]).toEqual([0, 65_536]);
  expect(outside).toBeGreaterThanOrEqual(0x7000_0000);
  expect(mapOf('plain')).toEqual([0, 0, 4_294_967_295]);
  const pid = scenario.ok('inspect', '-f', '{{.State.Pid}}', 'remapped-web-1').stdout.trim();
  expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(new RegExp(`^Uid:\\s+${outside}\\s`, 'm'));

  // Names, ports, logs, probes, files.
  const text = await eventually('the server listens', () => fetchText(18_931).catch(() => undefined));
  expect(text).toBe('uid 0');
  expect(exec('plain', 'getent hosts web')).toContain('web');
  await eventually('it has said so', () => scenario.ok('logs', 'web').stdout.includes('listening'));
  expect(scenario.container('remapped-web-1').Health).toBe('healthy');
  const files =
    'stat -c "%u:%g %a" /run/secrets/word /note /cache /data /srv/app/server.mjs; cat /run/secrets/word /note';
  expect(exec('web', files).split('\n')).toEqual([
    '1000:0 400',
    '1000:2 640',
    '1000:0 700',
    '0:0 755',
    '0:0 644',
    'open sesamea note',
  ]);
  expect(exec('web', 'cat /run/secrets/word', '-u', '1000')).toBe('open sesame');

  // The volume holds what it would hold without.
  expect(ownerOf('remapped_data', 'made')).toEqual([0, 0]);
  exec('web', 'touch /data/app && chown 1000:1000 /data/app');
  expect(exec('plain', 'stat -c %u:%g /data/app /data/made')).toBe('1000:1000\n0:0');

  // cp, in both directions, running and stopped.
  scenario.write('up.txt', 'up');
  scenario.ok('cp', 'up.txt', 'web:/data/copied');
  scenario.ok('cp', 'up.txt', 'web:/etc/copied');
  expect(exec('web', 'stat -c %u:%g /data/copied /etc/copied')).toBe('0:0\n0:0');
  scenario.ok('cp', '-a', 'web:/data/app', 'down.txt');
  expect(statSync(join(scenario.directory, 'down.txt')).uid).toBe(1000);
  scenario.ok('stop', 'web');
  scenario.ok('cp', 'web:/etc/copied', 'stopped.txt');
  expect(readFileSync(join(scenario.directory, 'stopped.txt'), 'utf8')).toBe('up');
  scenario.ok('cp', 'up.txt', 'web:/etc/second');
  scenario.ok('start', 'web');
  expect(exec('web', 'stat -c %u:%g /etc/copied /etc/second')).toBe('0:0\n0:0');
  expect(mapOf('web')).toEqual([0, outside, 65_536]);
});

it('is turned off and on again without losing anything', () => {
  scenario = new Scenario({ 'compose.yaml': compose('auto'), 'app/server.mjs': SERVER }, { WORD: 'x' });
  scenario.ok('up', '-d', '--wait');
  const map = mapOf('web');
  exec('web', 'echo kept > /data/kept && chown 33:33 /data/kept');
  scenario.write('compose.yaml', compose('host'));
  expect(scenario.ok('plan').stdout).toContain('userns_mode');
  scenario.ok('up', '-d', '--wait');
  expect(mapOf('web')).toEqual([0, 0, 4_294_967_295]);
  expect(exec('web', 'stat -c %u:%g /data/kept; cat /data/kept')).toBe('33:33\nkept');
  scenario.write('compose.yaml', compose('private'));
  scenario.ok('up', '-d', '--wait');
  expect(mapOf('web')).toEqual(map);
  expect(exec('web', 'stat -c %u:%g /data/kept; cat /data/kept')).toBe('33:33\nkept');
});

it('refuses by name what cannot be shared with it, before anything is made', () => {
  scenario = new Scenario({
    'compose.yaml': `
services:
  web: {image: host, command: sleep 612, userns_mode: auto, network_mode: service:base}
  base: {image: host, command: sleep 613}
`,
  });
  const shared = scenario.run('up', '-d');
  expect(shared.status).toBe(1);
  expect(shared.stderr).toContain('network_mode: service:base is not in the user namespace of this project');
  scenario.write(
    'compose.yaml',
    'services: {web: {image: host, command: sleep 612, userns_mode: auto, pid: host}}',
  );
  const host = scenario.run('up', '-d');
  expect(host.stderr).toContain('a user namespace cannot be combined with `pid: host`');
  expect(host.stderr).toContain('compose.yaml:1:');
  expect(scenario.ok('ps', '-a', '-q').stdout).toBe('');
});

it('shares network and processes with another service of the project', () => {
  scenario = new Scenario({
    'compose.yaml': `
x-tcompose: {userns: auto}
services:
  web: {image: host, command: sleep 614, stop_grace_period: 0s}
  tool: {image: host, command: sleep 615, stop_grace_period: 0s, network_mode: service:web, pid: service:web, cap_add: [NET_ADMIN]}
`,
  });
  scenario.ok('up', '-d');
  expect(exec('tool', 'cat /proc/1/comm; ip link set lo mtu 1400 && echo set')).toBe('sleep\nset');
  expect(exec('tool', 'readlink /proc/1/ns/user')).toBe(exec('web', 'readlink /proc/self/ns/user'));
  scenario.ok('restart', '-t', '0');
  expect(exec('tool', 'id -u')).toBe('0');
});
