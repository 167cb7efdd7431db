// Log drivers: what a container writes, as the disk, the servers and a follower see it.

import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually, Scenario } from './scenario.ts';

let scenario: Scenario;

afterEach(async () => {
  scenario.run('down', '-v', '-t', '0');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

const bundle = () => join(scenario.root, 'containers', scenario.list('containers')[0] ?? '');
const compose = (command: string, logging: string) => `
services:
  a:
    image: host
    stop_grace_period: 0s
    labels: {tier: front}
    command: ["sh", "-c", ${JSON.stringify(command.replaceAll('$', '$$$$'))}]
    logging: ${logging}
`;

/** Numbered lines, until the file is there. */
const counting = (lines: number, then = 'sleep 1000') =>
  `i=0; while [ $i -lt ${lines} ]; do echo "line $i ${'x'.repeat(60)}"; i=$((i+1)); done; ${then}`;

describe('json-file', () => {
  it('is rotated and compressed; logs and a follower lose nothing and see nothing twice', async () => {
    const logging =
      '{options: {max-size: 20k, max-file: "99", compress: "true", labels: tier, tag: "{{.Name}}"}}';
    scenario = new Scenario({ 'compose.yaml': compose(`sleep 1; ${counting(5000)}`, logging) });
    scenario.ok('up', '-d');
    const follower = scenario.start(['logs', '-f', '--no-log-prefix', 'a']);
    let seen = '';
    follower.stdout?.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
    });
    await eventually('the last line', () => (seen.includes('line 4999 ') ? true : undefined), 60);
    follower.kill('SIGTERM');
    const numbers = (text: string) => [...text.matchAll(/^line (\d+) /gm)].map((match) => Number(match[1]));
    const all = Array.from({ length: 5000 }, (_, index) => index);
    expect(numbers(seen)).toEqual(all);
    const files = () => readdirSync(bundle()).filter((name) => name.startsWith('log'));
    await eventually('all are compressed', () =>
      files().some((name) => /^log\.\d+$|tmp$/.test(name)) ? undefined : true,
    );
    expect(files().filter((name) => name.endsWith('.gz')).length).toBeGreaterThan(20);
    const [oldest = ''] = files().filter((name) => name.endsWith('.gz'));
    const check = spawnSync('gzip', ['-t', join(bundle(), oldest)]);
    expect(check.status).toBe(0);
    const packed = readFileSync(join(bundle(), oldest));
    const text = gunzipSync(packed).toString();
    expect(packed.length).toBeLessThan(text.length / 3);
    expect(JSON.parse(text.split('\n')[0] ?? '')).toMatchObject({
      stream: 'stdout',
      attrs: { tier: 'front', tag: 'project-a-1' },
    });
    expect(numbers(scenario.ok('logs', '--no-log-prefix', 'a').stdout)).toEqual(all);
    expect(numbers(scenario.ok('logs', '--no-log-prefix', '--tail', '600', 'a').stdout)).toEqual(
      all.slice(-600),
    );
  });

  it('cuts long lines at 16 KiB; on a full disk lines are dropped and counted, and the service goes on', async () => {
    const command = 'head -c 40000 /dev/zero | tr "\\\\0" y; echo; sleep 1000';
    scenario = new Scenario({ 'compose.yaml': compose(command, '{driver: local}') });
    scenario.ok('up', '-d');
    // Without what is still being written.
    const lines = () => readFileSync(join(bundle(), 'log'), 'utf8').split('\n').slice(0, -1);
    await eventually('three records', () => (lines().length === 3 ? true : undefined));
    const records = lines().map((line) => JSON.parse(line) as { log: string; time: string });
    expect(records.map(({ log }) => log.length)).toEqual([16_384, 16_384, 40_001 - 2 * 16_384]);
    expect(new Set(records.map(({ time }) => time)).size).toBe(1);
    expect(scenario.ok('logs', '--no-log-prefix').stdout.trimEnd().length).toBe(40_000);
    scenario.ok('down');
    // A data root on a small disk.
    rmSync(scenario.root, { recursive: true });
    spawnSync('mkdir', ['-p', scenario.root]);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'small', scenario.root]).status).toBe(0);
    try {
      scenario.write(
        'compose.yaml',
        compose(counting(60_000, 'touch /tmp/done; sleep 1000'), '{driver: json-file}'),
      );
      scenario.ok('up', '-d');
      await eventually(
        'the service came through',
        () => (scenario.run('exec', '-T', 'a', 'ls', '/tmp/done').status === 0 ? true : undefined),
        60,
      );
      await eventually('it is said', () =>
        /log lines lost/.test(scenario.ok('ps').stdout) ? true : undefined,
      );
    } finally {
      scenario.ok('down', '-t', '0');
      spawnSync('umount', ['-l', scenario.root]);
    }
  });
});

describe('syslog', () => {
  const messages: string[] = [];

  it('reaches a server by udp, in RFC 5424', async () => {
    messages.length = 0;
    const server = createSocket('udp4', (message) => void messages.push(message.toString()));
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
    const { port } = server.address();
    const options = `{syslog-address: "udp://localhost:${port}", syslog-format: rfc5424micro, syslog-facility: local1, tag: "{{.Name}}"}`;
    scenario = new Scenario({
      'compose.yaml': compose('echo out; echo err >&2; sleep 1000', `{driver: syslog, options: ${options}}`),
    });
    scenario.ok('up', '-d');
    await eventually('both lines', () => (messages.length === 2 ? true : undefined));
    server.close();
    const form = (priority: number, text: string) =>
      expect.stringMatching(
        new RegExp(
          `^<${priority}>1 \\d{4}-\\d\\d-\\d\\dT[0-9:]+\\.\\d{6}Z \\S+ project-a-1 \\d+ project-a-1 - ${text}$`,
        ),
      );
    expect(messages.toSorted()).toEqual([form(8 * 17 + 3, 'err'), form(8 * 17 + 6, 'out')]);
    await eventually('it is in the file, too', () =>
      scenario.ok('logs', '--no-log-prefix').stdout.includes('out'),
    );
  });

  it('by tcp: a server that comes late gets what waited; one that does not read never holds the service up', async () => {
    let received = '';
    let server: Server = createServer((socket) => {
      socket.on('data', (chunk) => {
        received += chunk.toString();
      });
      socket.on('error', () => undefined);
    });
    // Below the ports of outgoing connections: while nobody listens, one could have it, or the monitor reach itself.
    const port = 18_495;
    const options = `{syslog-address: "tcp://127.0.0.1:${port}", syslog-format: rfc3164, cache-disabled: "true"}`;
    scenario = new Scenario({
      'compose.yaml': compose(
        'echo early; sleep 2; echo late; sleep 1000',
        `{driver: syslog, options: ${options}}`,
      ),
    });
    scenario.ok('up', '-d');
    server.listen(port, '127.0.0.1');
    await eventually('both lines', () => (/early\n(.*\n)*.*late\n/.test(received) ? true : undefined));
    expect(received).toMatch(/^<30>[A-Z][a-z]{2} [ \d]\d [0-9:]{8} \S+ [0-9a-f]{12}\[\d+\]: early\n/);
    expect(
      scenario.list('containers').flatMap((id) => readdirSync(join(scenario.root, 'containers', id))),
    ).not.toContain('log');
    server.close();
    scenario.ok('down', '-t', '0');
    // Accepts, and never reads.
    server = createServer({ pauseOnConnect: true }, () => undefined);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    scenario.write(
      'compose.yaml',
      compose(counting(200_000, 'touch /tmp/done; sleep 1000'), `{driver: syslog, options: ${options}}`),
    );
    scenario.ok('up', '-d');
    await eventually(
      'the service came through',
      () => (scenario.run('exec', '-T', 'a', 'ls', '/tmp/done').status === 0 ? true : undefined),
      60,
    );
    await eventually('it is said', () =>
      /log lines lost/.test(scenario.ok('ps').stdout) ? true : undefined,
    );
    // Nobody has read by now, and nobody does: it must not be waited for.
    scenario.ok('down', '-t', '0');
    server.close();
    (server as Server & { closeAllConnections?: () => void }).closeAllConnections?.();
  });

  it('by the local socket, of either kind', async () => {
    const serve = `
import socket, sys, os
kind = {"dgram": socket.SOCK_DGRAM, "stream": socket.SOCK_STREAM}[sys.argv[1]]
server = socket.socket(socket.AF_UNIX, kind); server.bind(sys.argv[2])
if kind == socket.SOCK_STREAM: server.listen()
print("ready", flush=True)
if kind == socket.SOCK_STREAM: server = server.accept()[0]
print(server.recv(4096).decode(), flush=True)`;
    for (const kind of ['dgram', 'stream']) {
      const path = `/tmp/tcompose-syslog-${process.pid}-${kind}`;
      const server = spawn('python3', ['-c', serve, kind, path]);
      let text = '';
      server.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      try {
        await eventually('the server', () => (text.includes('ready') ? true : undefined));
        scenario?.run('down', '-t', '0');
        scenario?.dispose();
        const logging = `{driver: syslog, options: {syslog-address: "unix://${path}"}}`;
        scenario = new Scenario({ 'compose.yaml': compose('echo hello', logging) });
        scenario.ok('up', '-d');
        await eventually(`the line by ${kind}`, () =>
          /<30>[A-Z][a-z]{2} [ \d]\d [0-9:]{8} [0-9a-f]{12}\[\d+\]: hello/.test(text) ? true : undefined,
        );
      } finally {
        server.kill('SIGKILL');
        rmSync(path, { force: true });
      }
    }
    expect(statSync(scenario.root).isDirectory()).toBe(true);
  });
});

it('a driver that is not here is refused by name, with those that are', () => {
  scenario = new Scenario({ 'compose.yaml': compose('true', '{driver: fluentd}') });
  const { status, stderr } = scenario.run('up', '-d');
  expect([status, stderr]).toEqual([1, expect.stringMatching(/logging: "fluentd" is not supported/)]);
  expect(stderr).toContain('use json-file, local, syslog, none');
});
