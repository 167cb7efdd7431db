// Names, ports and isolation as a project's containers and its neighbours see them.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Scenario } from './scenario.ts';

const server = `
import { createServer } from 'node:http';
import { hostname } from 'node:os';
createServer((request, response) => response.end(hostname() + ' ' + request.socket.remoteAddress)).listen(80, '0.0.0.0');
process.on('SIGTERM', () => process.exit(0));
`;

const compose = `
services:
  web:
    image: host
    command: node /srv/server.mjs
    hostname: weblet
    volumes: [".:/srv:ro"]
    ports: ["18080:80"]
    networks: {default: {aliases: [www]}}
    healthcheck: {test: ["CMD", "node", "-e", "fetch('http://127.0.0.1').then(r => process.exit(0), () => process.exit(1))"], start_period: 20s, start_interval: 200ms}
  client:
    image: host
    command: sleep 600
    init: true
    links: ["web:linked"]
    stop_grace_period: 1s
  lonely:
    image: host
    command: sleep 600
    init: true
    stop_grace_period: 1s
    networks: [inside]
networks:
  inside: {internal: true}
`;

const neighbour = `
services:
  other: {image: host, command: sleep 600, init: true, stop_grace_period: 1s}
`;

/** `patience`: what is to fail fails within, what is to come may take longer on a busy machine. */
const fetchText = (url: string, patience = 20_000) =>
  `fetch('${url}',{signal:AbortSignal.timeout(${patience})}).then(r=>r.text()).then(t=>console.log(t),e=>{console.log('failed',e.cause?.code??e.name);process.exit(1)})`;
const lookup = (name: string) => `require('dns').resolve4('${name}',(e,a)=>{console.log(e?e.code:a.join())})`;

let project: Scenario;
let other: Scenario;

function inside(scenario: Scenario, service: string, script: string): string {
  return scenario.run('exec', '-T', service, 'node', '-e', script).stdout.trim();
}

function hostAddress(): string {
  const all = Object.values(networkInterfaces()).flat();
  const found = all.find(
    (entry) => entry?.family === 'IPv4' && !entry.internal && !entry.address.startsWith('10.'),
  );
  return found?.address ?? '127.0.0.1';
}

beforeAll(() => {
  project = new Scenario({ 'compose.yaml': compose, 'server.mjs': server });
  other = new Scenario({ 'compose.yaml': neighbour }, { COMPOSE_PROJECT_NAME: 'neighbour' });
  project.ok('up', '-d', '--wait');
  other.ok('up', '-d');
});

afterAll(async () => {
  project.run('down', '-v', '-t', '1');
  other.run('down', '-v', '-t', '1');
  const left = { ...(await project.leftovers()), ...(await other.leftovers()) };
  project.dispose();
  other.dispose();
  expect(left).toEqual({});
});

describe('names', () => {
  it.each(['web', 'www', 'weblet', 'project-web-1', 'project_web_1', 'WEB', 'linked'])(
    '%s resolves from a neighbour',
    (name) => {
      expect(inside(project, 'client', lookup(name))).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      expect(inside(project, 'client', fetchText(`http://${name}/`))).toMatch(/^weblet /);
    },
  );

  it('a link is seen by its own container only', () => {
    expect(inside(project, 'web', lookup('linked'))).not.toMatch(/^\d/);
  });

  it('an own host name is in /etc/hosts', () => {
    expect(project.ok('exec', '-T', 'web', 'cat', '/etc/hosts').stdout).toMatch(/^\d[\d.]+\s+weblet$/m);
    expect(project.ok('exec', '-T', 'web', 'cat', '/etc/resolv.conf').stdout).toContain(
      'nameserver 127.0.0.11',
    );
  });

  it('other networks and other projects have no names here', () => {
    expect(inside(project, 'lonely', lookup('web'))).not.toMatch(/^\d/);
    expect(inside(other, 'other', lookup('web'))).not.toMatch(/^\d/);
  });
});

describe('published ports', () => {
  it.each(['127.0.0.1', '[::1]', hostAddress()])('answer from the host on %s', async (address) => {
    expect(await (await fetch(`http://${address}:18080/`)).text()).toMatch(/^weblet /);
  });

  it('answer a container of another project on the host address', () => {
    expect(inside(other, 'other', fetchText(`http://${hostAddress()}:18080/`))).toMatch(/^weblet /);
  });

  it('answer the container itself', () => {
    expect(inside(project, 'web', fetchText(`http://${hostAddress()}:18080/`))).toMatch(/^weblet /);
  });
});

describe('isolation', () => {
  it('another project cannot reach a container by its address', () => {
    const address = inside(project, 'client', lookup('web'));
    expect(inside(other, 'other', fetchText(`http://${address}/`, 3000))).toMatch(/^failed/);
    expect(inside(project, 'client', fetchText(`http://${address}/`))).toMatch(/^weblet /);
  });

  it('an internal network has no way out', () => {
    expect(inside(project, 'lonely', fetchText(`http://${hostAddress()}:18080/`, 3000))).toMatch(/^failed/);
    expect(project.ok('exec', '-T', 'lonely', 'cat', '/proc/net/route').stdout).not.toMatch(
      /\t00000000\t[0-9A-F]{8}\t0003/,
    );
  });
});

describe('the world outside', () => {
  const ip = (...args: string[]) => execFileSync('/usr/sbin/ip', args);

  it('is reached with the host as the source', async () => {
    const script =
      "require('http').createServer((q,r)=>r.end('outside '+q.socket.remoteAddress)).listen(8000,'0.0.0.0',()=>console.log('up'))";
    const outside = spawn('/usr/bin/unshare', ['--net', process.execPath, '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ipThere = (...args: string[]) =>
      execFileSync('/usr/bin/nsenter', [`--net=/proc/${outside.pid}/ns/net`, '/usr/sbin/ip', ...args]);
    try {
      await once(outside.stdout, 'data');
      ip('link', 'add', 'tce2e0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `${outside.pid}`);
      ip('addr', 'add', '198.51.100.1/24', 'dev', 'tce2e0');
      ip('link', 'set', 'tce2e0', 'up');
      ipThere('addr', 'add', '198.51.100.2/24', 'dev', 'eth0');
      ipThere('link', 'set', 'eth0', 'up');
      expect(inside(project, 'client', fetchText('http://198.51.100.2:8000/'))).toBe('outside 198.51.100.1');
      expect(inside(project, 'lonely', fetchText('http://198.51.100.2:8000/', 3000))).toMatch(/^failed/);
    } finally {
      outside.kill('SIGKILL');
      await once(outside, 'exit');
    }
  });
});
