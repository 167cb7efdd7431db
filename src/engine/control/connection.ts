// One connection to a monitor's control socket: a request line out, answer and event lines in.
// The socket is reached through a descriptor of its directory, because sun_path holds 107 bytes and data roots may be deep.

import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { errnoOf, unless } from '../../base/system-error.ts';
import type { Descriptor, Native } from '../../runtime/native.ts';

export interface ControlFailure {
  readonly step: string;
  readonly syscall: string;
  readonly errno: string;
  readonly path: string;
  readonly message: string;
  readonly exitCode: number;
}

export type ControlMessage = Readonly<Record<string, unknown>>;

/** Lines to a monitor and from it. */
export interface ControlChannel {
  /** Asked for once. Ends when the monitor has ended, or `close` was called. */
  lines(): AsyncIterable<string>;
  /** To a monitor that is gone it says nothing. */
  send(line: string): void;
  close(): void;
}

export class ControlConnection {
  readonly #channel: ControlChannel;
  readonly #lines: AsyncIterator<string>;

  constructor(channel: ControlChannel) {
    this.#channel = channel;
    this.#lines = channel.lines()[Symbol.asyncIterator]();
  }

  /** Undefined: nobody listens there, so the monitor is gone. */
  static async open(runDir: string): Promise<ControlConnection | undefined> {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY;
    const directory = unless(['ENOENT'], () => openSync(runDir, flags));
    if (directory === undefined) return undefined;
    try {
      // Starting a container needs no connection: the modules behind it are not loaded for that.
      const { connectTo } = await import('./socket-channel.ts');
      const channel = await connectTo(join('/proc/self/fd', String(directory), 'ctl'));
      return channel && new ControlConnection(channel);
    } finally {
      closeSync(directory);
    }
  }

  send(op: string, members: Readonly<Record<string, unknown>> = {}): void {
    this.#channel.send(`${JSON.stringify({ v: 1, op, ...members })}\n`);
  }

  /** The next message; undefined once the monitor closed the connection. A monitor that dies resets it: that is an end. */
  async next(): Promise<ControlMessage | undefined> {
    try {
      const { value, done } = await this.#lines.next();
      return done ? undefined : (JSON.parse(value) as ControlMessage);
    } catch (error) {
      if (GONE.includes(errnoOf(error) ?? '')) return undefined;
      throw error;
    }
  }

  close(): void {
    this.#channel.close();
  }
}

const GONE = ['ECONNRESET', 'EPIPE'];

/** By the addon, which nothing has to be loaded for. Takes over a connected socket. */
export function openDescriptorChannel(native: Native, socket: Descriptor): ControlChannel {
  let isOpen = true;
  return {
    async *lines() {
      while (isOpen) {
        const received = await native.receiveDescriptors(socket).catch((error) => {
          // Closing it ends the waiting with ECANCELED.
          if (isOpen) throw error;
        });
        if (received === undefined || received.line === '') return;
        yield received.line;
      }
    },
    send(line) {
      if (isOpen) unless(GONE, () => native.sendDescriptors(socket, Buffer.from(line), []));
    },
    close() {
      if (isOpen) native.close(socket);
      isOpen = false;
    },
  };
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
