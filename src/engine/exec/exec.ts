// Runs a command in a running container, over its monitor's control socket.

import { readFileSync, readSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { ReadStream } from 'node:tty';
import { TcError } from '../../base/error.ts';
import { unless } from '../../base/system-error.ts';
import type { ObservedContainer } from '../../plan/observed-state.ts';
import type { OciConfig } from '../../runtime/oci-config.ts';
import type { EngineContext } from '../context.ts';
import {
  ControlConnection,
  type ControlMessage,
  checkAnswer,
  openDescriptorChannel,
} from '../control/connection.ts';
import type { ExecRequest, ExecSession } from '../ports.ts';
import { connectControl } from './connect-control.ts';
import { type ExecStreams, openStreams } from './streams.ts';
import { terminalSize } from './terminal-size.ts';

/** How long output that a grandchild holds open is waited for once the command has ended, as the Engine does it. */
const DRAIN_MS = 2000;

export type ExecTarget = Pick<ObservedContainer, 'id' | 'name'>;

export async function execInContainer(
  context: EngineContext,
  container: ExecTarget,
  request: ExecRequest,
): Promise<ExecSession> {
  const { native, instance } = context;
  const control = connectControl(context, container);
  const streams = request.tty ? undefined : openStreams(native, request);
  const message = {
    v: 1,
    op: 'exec',
    process: describeProcess(instance.paths.container(container.id), request),
  };
  let answered: { line: string; fds: number[] };
  try {
    native.sendDescriptors(control, Buffer.from(`${JSON.stringify(message)}\n`), streams?.given ?? []);
    answered = await native.receiveDescriptors(control);
    checkAnswer(JSON.parse(answered.line) as ControlMessage, `exec in ${container.name}`);
  } catch (error) {
    streams?.close();
    native.close(control);
    throw error;
  } finally {
    streams?.closeGiven();
  }
  const connection = new ControlConnection(openDescriptorChannel(native, control));
  const [master] = answered.fds;
  const terminal = master === undefined ? undefined : attachTerminal(master, request);
  return openSession(connection, answered.line, streams ?? terminal);
}

/** A whole process: what the container's own has, with what the command line adds. */
function describeProcess(bundle: string, request: ExecRequest): Record<string, unknown> {
  const config = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8')) as OciConfig;
  const environment = new Map(config.process.env.map((entry) => splitOnce(entry)));
  if (request.tty) environment.set('TERM', process.env['TERM'] ?? 'xterm');
  for (const [name, value] of Object.entries(request.environment)) environment.set(name, value);
  const size = terminalSize(request.stdout);
  return {
    args: request.command,
    env: [...environment].map(([name, value]) => `${name}=${value}`),
    cwd: request.workingDir ?? config.process.cwd,
    ...(request.user === undefined ? {} : { user: request.user }),
    terminal: request.tty,
    privileged: request.privileged,
    ...(size === undefined ? {} : size),
  };
}

function splitOnce(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return [entry.slice(0, at), entry.slice(at + 1)];
}

interface SessionStreams {
  drain(): Promise<void>;
  close(): void;
}

function attachTerminal(master: number, request: ExecRequest): SessionStreams {
  // A tty.ReadStream is a duplex socket; it reads and writes a pty's master as well as a slave.
  const terminal = new ReadStream(master);
  // Reading a master whose last slave was closed fails with EIO: that is its end of file.
  terminal.on('error', () => terminal.destroy());
  request.stdin?.pipe(terminal, { end: false });
  // Not pipeline(): that would destroy the caller's output together with the master.
  if (request.stdout) terminal.pipe(request.stdout, { end: false });
  terminal.once('end', () => copyRest(master, request.stdout));
  const ended = finished(terminal, { writable: false }).catch(() => undefined);
  return {
    drain: () => ended,
    close() {
      request.stdin?.unpipe(terminal);
      terminal.destroy();
    },
  };
}

/**
 * libuv takes a hang-up that comes with a short read for the end; the last of what the command wrote may then still be on
 * its way through the terminal.
 */
function copyRest(master: number, output: ExecRequest['stdout']): void {
  const chunk = Buffer.alloc(4096);
  for (;;) {
    const size = unless(['EIO', 'EAGAIN', 'EBADF'], () => readSync(master, chunk)) ?? 0;
    if (size === 0) return;
    output?.write(Buffer.from(chunk.subarray(0, size)));
  }
}

function openSession(
  connection: ControlConnection,
  answer: string,
  streams: SessionStreams | ExecStreams | undefined,
): ExecSession {
  const { exec } = JSON.parse(answer) as { exec: number };
  return {
    exitCode: awaitExit(connection, streams),
    resize: (rows, columns) => connection.send('resize', { exec, rows, columns }),
    signal: (name) => {
      const signal = (constants.signals as Readonly<Record<string, number>>)[name];
      if (signal !== undefined) connection.send('exec-signal', { exec, signal });
    },
    leave: () => leave(connection, exec, streams),
  };
}

/** A monitor of an older version knows nothing of it: there the command hears a SIGHUP. */
function leave(connection: ControlConnection, exec: number, streams: SessionStreams | undefined): void {
  connection.send('leave', { exec });
  streams?.close();
  connection.close();
}

async function awaitExit(
  connection: ControlConnection,
  streams: SessionStreams | undefined,
): Promise<number> {
  try {
    for (;;) {
      const message = await connection.next();
      if (message === undefined) {
        throw new TcError('the container ended while the command ran', { code: 'exec-lost', exitCode: 137 });
      }
      if (message['event'] !== 'exit') continue;
      await drained(streams);
      return message['exitCode'] as number;
    }
  } finally {
    streams?.close();
    connection.close();
  }
}

async function drained(streams: SessionStreams | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, DRAIN_MS);
  });
  await Promise.race([streams?.drain(), patience]);
  clearTimeout(timer);
}
