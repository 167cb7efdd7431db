// One connection to a monitor's control socket: a request line out, answer and event lines in.
// The socket is reached through a descriptor of its directory, because sun_path holds 107 bytes and data roots may be deep.

import { closeSync, constants, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { PushIterable } from '../../base/async.ts';
import { TcError } from '../../base/error.ts';
import { unless } from '../../base/system-error.ts';

export interface ControlFailure {
  readonly step: string;
  readonly syscall: string;
  readonly errno: string;
  readonly path: string;
  readonly message: string;
  readonly exitCode: number;
}

export type ControlMessage = Readonly<Record<string, unknown>>;

export class ControlConnection {
  readonly #socket: Socket;
  readonly #messages = new PushIterable<ControlMessage>();
  readonly #reader: AsyncIterator<ControlMessage>;

  /** Takes over a connected socket. */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.#reader = this.#messages[Symbol.asyncIterator]();
    const decoder = new StringDecoder('utf8');
    let pending = '';
    socket.on('data', (chunk: Buffer) => {
      const lines = (pending + decoder.write(chunk)).split('\n');
      pending = lines.pop() ?? '';
      for (const line of lines) this.#messages.push(JSON.parse(line) as ControlMessage);
    });
    socket.on('error', (error) => this.#messages.fail(error));
    socket.on('close', () => this.#messages.end());
  }

  /** Undefined: nobody listens there, so the monitor is gone. */
  static async open(runDir: string): Promise<ControlConnection | undefined> {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY;
    const directory = unless(['ENOENT'], () => openSync(runDir, flags));
    if (directory === undefined) return undefined;
    try {
      // Starting a container needs no connection: the modules behind it are not loaded for that.
      const { connectTo } = await import('./connect.ts');
      const socket = await connectTo(join('/proc/self/fd', String(directory), 'ctl'));
      return socket && new ControlConnection(socket);
    } finally {
      closeSync(directory);
    }
  }

  send(op: string, members: Readonly<Record<string, unknown>> = {}): void {
    this.#socket.write(`${JSON.stringify({ v: 1, op, ...members })}\n`);
  }

  /** The next message; undefined once the monitor closed the connection. A monitor that dies resets it: that is an end. */
  async next(): Promise<ControlMessage | undefined> {
    try {
      const { value, done } = await this.#reader.next();
      return done ? undefined : value;
    } catch (error) {
      if (['ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
      throw error;
    }
  }

  close(): void {
    this.#socket.destroy();
    this.#messages.end();
  }
}

/** Throws what a monitor answered, if it answered with an error. */
export function checkAnswer(answer: ControlMessage, action: string): ControlMessage {
  // A status has an `error` too, of text: how the container's last life ended.
  const { error } = answer;
  if (typeof error !== 'object' || error === null) return answer;
  const failure = error as ControlFailure;
  throw new TcError(`${action}: ${failure.message || `${failure.step}: ${failure.errno}`}`, {
    // Its processes are gone, its monitor is about to say so.
    code: failure.errno === 'ESRCH' ? 'exec-lost' : 'runtime',
    kind: 'environment',
    exitCode: failure.exitCode || 1,
    cause: failure,
  });
}
