// Docker on the same host: its networks and ours, each reaching what it should and nothing else, and its rules as they
// were once ours are gone.

import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Machine } from './machine.ts';
import { eventually, Scenario } from './scenario.ts';

const compose = (port: number) => `
services:
  web:
    image: host
    init: true
    command: ["node", "-e", "require('http').createServer((q, r) => r.end('web ' + q.socket.remoteAddress)).listen(80)"]
    ports: ["${port}:80"]
    stop_grace_period: 1s
  client: {image: host, init: true, command: sleep 600, stop_grace_period: 1s}
`;

const ask = (url: string) =>
  `fetch('${url}', {signal: AbortSignal.timeout(2000)}).then((r) => r.text()).then((t) => console.log(t.trim()), () => console.log('nothing'))`;

const hasDocker = existsSync('/usr/sbin/dockerd') && existsSync('/bin/busybox');
if (!hasDocker) console.log('skipped: docker.io is not installed, and the host is shared with nobody');

describe.skipIf(!hasDocker)('beside Docker', () => {
  let machine: Machine;
  let daemon: ChildProcess;
  let directory: string;
  let first: Scenario;
  let second: Scenario;
  let ofDocker: string;
  let rulesBefore: string;

  const docker = (...args: string[]) => machine.run('docker', '-H', `unix://${directory}/sock`, ...args);
  const inside = (scenario: Scenario, service: string, url: string) =>
    scenario.run('exec', '-T', service, 'node', '-e', ask(url)).stdout.trim();
  const addressOf = (scenario: Scenario) =>
    scenario.ok('exec', '-T', 'web', 'hostname', '-I').stdout.split(' ')[0] ?? '';
  const fromHost = (url: string) => machine.attempt('curl', '-sS', '-m', '2', url).stdout;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'tcompose-docker-'));
    machine = await Machine.start();
    // Docker closes the way through a host on which it had to open it.
    machine.run('sh', '-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward');
    daemon = machine.spawn(
      'dockerd',
      [
        ...['--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec')],
        ...['-H', `unix://${directory}/sock`, '--pidfile', join(directory, 'pid')],
      ],
      { stdio: 'ignore' },
    );
    await eventually('dockerd answers', () => {
      const answer = machine.attempt('docker', '-H', `unix://${directory}/sock`, 'info');
      return answer.status === 0 || undefined;
    });
    makeImage();
    docker('network', 'create', 'net');
    docker(
      'run',
      '-d',
      '--name',
      'peer',
      '--network',
      'net',
      '-p',
      '19092:80',
      'busybox',
      'httpd',
      '-f',
      '-p',
      '80',
      '-h',
      '/www',
    );
    ofDocker = docker('inspect', '-f', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', 'peer');
    rulesBefore = machine.run('iptables', '-S');
    first = new Scenario(
      { 'compose.yaml': compose(19090) },
      { COMPOSE_PROJECT_NAME: 'first' },
      machine.prefix,
    );
    second = new Scenario(
      { 'compose.yaml': compose(19091) },
      { COMPOSE_PROJECT_NAME: 'second' },
      machine.prefix,
    );
    first.ok('up', '-d');
    second.ok('up', '-d');
    for (const [port, text] of [
      [19_090, 'web '],
      [19_091, 'web '],
      [19_092, 'docker'],
    ] as const)
      await eventually(`port ${port} is served`, () =>
        fromHost(`http://127.0.0.1:${port}/`).startsWith(text),
      );
  });

  afterAll(async () => {
    for (const scenario of [first, second]) scenario?.dispose();
    daemon?.kill('SIGTERM');
    if (daemon?.exitCode === null) await once(daemon, 'exit');
    await machine?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  function makeImage(): void {
    const root = join(directory, 'root');
    mkdirSync(join(root, 'bin'), { recursive: true });
    mkdirSync(join(root, 'www'));
    execFileSync('cp', ['/bin/busybox', join(root, 'bin/busybox')]);
    execFileSync('sh', [
      '-c',
      `for c in sh httpd wget; do ln -s busybox ${root}/bin/$c; done; echo docker > ${root}/www/index.html`,
    ]);
    machine.run('sh', '-c', `tar -C ${root} -c . | docker -H unix://${directory}/sock import - busybox`);
  }

  it('starts from a host on which nothing is forwarded unasked', () => {
    expect(rulesBefore).toContain('-P FORWARD DROP');
  });

  it('containers of a project reach each other, the host and published ports', () => {
    expect(inside(first, 'client', 'http://web/')).toMatch(/^web /);
    expect(fromHost('http://127.0.0.1:19090/')).toMatch(/^web /);
    expect(fromHost('http://127.0.0.1:19091/')).toMatch(/^web /);
    const gateway = addressOf(second).replace(/\d+$/, '1');
    expect(inside(first, 'client', `http://${gateway}:19091/`)).toMatch(/^web /);
    expect(inside(first, 'client', `http://${gateway}:19092/`)).toBe('docker');
  });

  it('projects do not reach each other’s containers', () => {
    expect(inside(first, 'client', `http://${addressOf(second)}/`)).toBe('nothing');
    expect(inside(second, 'client', `http://${addressOf(first)}/`)).toBe('nothing');
  });

  it('nor Docker’s containers ours, nor ours Docker’s', () => {
    const address = addressOf(first);
    expect(
      machine.attempt(
        'docker',
        '-H',
        `unix://${directory}/sock`,
        'exec',
        'peer',
        'wget',
        '-q',
        '-T',
        '2',
        '-O',
        '-',
        `http://${address}/`,
      ).status,
    ).not.toBe(0);
    expect(inside(first, 'client', `http://${ofDocker}/`)).toBe('nothing');
    expect(fromHost(`http://${ofDocker}/`)).toBe('docker');
  });

  it('leaves Docker’s rules as they were', () => {
    first.ok('down', '-t', '1');
    second.ok('down', '-t', '1');
    expect(machine.run('iptables', '-S')).toBe(rulesBefore);
    expect(fromHost('http://127.0.0.1:19092/')).toBe('docker');
  });
});
