// What goes in and comes out: logs read and followed, commands executed, configs and secrets mounted.

import { openSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import type { ExecSession } from '../../../src/engine/ports.ts';
import { loadNative } from '../../../src/runtime/native.ts';
import { eventually, Stack } from './stack.ts';

let stack: Stack;
afterEach(() => stack.dispose());

const service = (name: string, command: string, more = '') => `
  ${name}:
    image: host
    command: ["sh", "-c", ${JSON.stringify(command.replaceAll('$', '$$$$'))}]
    init: true
    stop_grace_period: 1s
${more}`;

describe('logs', () => {
  it('of several containers are one stream in the order of time', async () => {
    const speak = (word: string, first: string) =>
      `sleep ${first}; for i in 1 2 3; do echo ${word} $i; sleep 0.1; done; exec sleep 600`;
    stack = new Stack(
      `name: logs\nservices:${service('a', speak('a', '0'))}${service('b', speak('b', '0.05'))}`,
    );
    await stack.up();
    await eventually('both have spoken', async () => (await stack.logs()).length === 6);
    const { containers } = await stack.state();
    const times: string[] = [];
    for await (const record of stack.engine.logs.read({ containers, follow: false, tail: 'all' }))
      times.push(record.time);
    expect(times).toEqual([...times].sort());
  });

  it('are followed while they grow, rotate and end', async () => {
    stack = new Stack(
      `name: logs\nservices:${service(
        'a',
        'i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo line $i of the log; done; exec sleep 600',
        '    logging: {driver: json-file, options: {max-size: 4k, max-file: "100"}}',
      )}`,
    );
    await stack.up();
    const { containers } = await stack.state();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { text } of stack.engine.logs.read({ containers, follow: true, tail: 'all' }))
        seen.push(text);
    })();
    await eventually('all lines have come', () => seen.length === 400);
    await stack.down();
    await reading;
    expect(seen).toEqual(Array.from({ length: 400 }, (_, i) => `line ${i + 1} of the log\n`));
  });

  it('end with the last lines asked for, and with the signal', async () => {
    stack = new Stack(`name: logs\nservices:${service('a', 'seq 1 100; exec sleep 600')}`);
    await stack.up();
    await eventually('it has spoken', async () => (await stack.logs()).length === 100);
    const stop = new AbortController();
    const seen: string[] = [];
    const { containers } = await stack.state();
    const read = stack.engine.logs.read({ containers, follow: true, tail: 3, signal: stop.signal });
    for await (const { text } of read) {
      seen.push(text.trim());
      if (seen.length === 3) stop.abort();
    }
    expect(seen).toEqual(['98', '99', '100']);
  });
});

describe('exec', () => {
  const up = async () => {
    stack = new Stack(
      `name: exec\nservices:${service('a', 'exec sleep 600', '    environment: {OWN: "1"}\n    working_dir: /tmp')}`,
    );
    await stack.up();
    return stack.container('a');
  };
  const base = { environment: {}, privileged: false, tty: false, detach: false };
  const collect = (stream: PassThrough) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    return () => Buffer.concat(chunks).toString();
  };

  it('has the container’s environment and directory, and what the caller adds', async () => {
    const container = await up();
    const stdout = new PassThrough();
    const text = collect(stdout);
    const session = await stack.engine.exec(container, {
      ...base,
      command: ['sh', '-c', 'echo $OWN $MORE; pwd; id -un'],
      environment: { MORE: '2' },
      user: 'app',
      stdout,
    });
    expect(await session.exitCode).toBe(0);
    expect(text()).toBe('1 2\n/tmp\napp\n');
  });

  it('copies input until its end, and output to the last byte', async () => {
    const container = await up();
    const stdout = new PassThrough();
    const text = collect(stdout);
    const input = 'x'.repeat(3_000_000);
    const session = await stack.engine.exec(container, {
      ...base,
      command: ['cat'],
      stdin: Readable.from([Buffer.from(input)]),
      stdout,
    });
    expect(await session.exitCode).toBe(0);
    expect(text()).toBe(input);
  });

  it('gives pipes straight to the process, and never a file', async () => {
    const container = await up();
    const native = loadNative();
    const { read, write } = native.pipe();
    const direct = Object.assign(new PassThrough(), { fd: write });
    const file = Object.assign(new PassThrough(), { fd: openSync(stack.write('out', ''), 'w') });
    const stderr = collect(file);
    const session = await stack.engine.exec(container, {
      ...base,
      command: ['sh', '-c', 'readlink /proc/self/fd/1; readlink /proc/self/fd/2 >&2'],
      stdout: direct,
      stderr: file,
    });
    expect(await session.exitCode).toBe(0);
    native.close(write);
    const [line] = await new Response(
      Readable.toWeb(new (await import('node:net')).Socket({ fd: read })) as never,
    )
      .text()
      .then((text) => text.split('\n'));
    expect(line).toMatch(/^pipe:/);
    expect(stderr()).toMatch(/^pipe:/);
  });

  it('reports a command that is missing, not executable, or killed', async () => {
    await up();
    await expect(stack.exec('a', 'nosuchcommand')).rejects.toMatchObject({ exitCode: 127 });
    await expect(stack.exec('a', '/etc/passwd')).rejects.toMatchObject({ exitCode: 126 });
    expect((await stack.exec('a', 'sh', '-c', 'kill -9 $$')).exitCode).toBe(137);
  });

  it('with a terminal has one of the size that was set', async () => {
    const container = await up();
    const stdout = new PassThrough();
    const text = collect(stdout);
    let session: ExecSession | undefined;
    session = await stack.engine.exec(container, {
      ...base,
      tty: true,
      command: ['sh', '-c', 'tty; until stty size | grep 33; do sleep 0.01; done; read line; echo got $line'],
      stdin: Readable.from(
        (async function* () {
          await eventually('the terminal speaks', () => session && text().includes('/dev/pts'));
          session?.resize(33, 99);
          yield Buffer.from('hello\n');
          await session?.exitCode;
        })(),
      ),
      stdout,
    });
    expect(await session.exitCode).toBe(0);
    expect(text()).toMatch(/\/dev\/pts\/\d+[\s\S]*33 99[\s\S]*got hello/);
  });
});

describe('configs and secrets', () => {
  it('are mounted read-only where the file says, with the owner and mode it says', async () => {
    stack = new Stack(`
name: files
services:${service(
      'a',
      'exec sleep 600',
      `    configs: [plain, {source: inline, target: /etc/inline.conf}]
    secrets: [{source: token, uid: "1000", gid: "1000", mode: 0400}]`,
    )}
configs:
  plain: {file: ./plain.txt}
  inline: {content: "inline text"}
secrets:
  token: {file: ./token.txt}
`);
    stack.write('plain.txt', 'plain text');
    stack.write('token.txt', 'secret text');
    await stack.up();
    expect((await stack.exec('a', 'cat', '/plain', '/etc/inline.conf', '/run/secrets/token')).stdout).toBe(
      'plain textinline textsecret text',
    );
    expect((await stack.exec('a', 'stat', '-c', '%u:%g %a', '/run/secrets/token')).stdout).toBe(
      '1000:1000 400\n',
    );
    expect((await stack.exec('a', 'sh', '-c', 'echo x > /etc/inline.conf')).stderr).toMatch(/Read-only/);
  });

  it('are compared by content: a change replaces the container', async () => {
    stack = new Stack(
      `name: files\nservices:${service('a', 'exec sleep 600', '    configs: [plain]')}\nconfigs: {plain: {file: ./plain.txt}}`,
    );
    const file = stack.write('plain.txt', 'one');
    expect(file).toBe(join(stack.directory, 'plain.txt'));
    await stack.up();
    expect((await stack.plan()).nodes).toEqual([]);
    stack.write('plain.txt', 'two');
    expect((await stack.plan()).nodes.map((node) => node.operation.kind)).toContain('create-container');
  });
});
