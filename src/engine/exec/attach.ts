// Attaches to a container: to one that runs, or to one that is about to start, so that nothing it prints is missed. Between
// here and its monitor are three pipes, made here; contract: docs/runtime-protocol.md, `attach`.

import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { TcError } from '../../base/error.ts';
import type { ObservedContainer } from '../../plan/observed-state.ts';
import type { Descriptor, Native } from '../../runtime/native.ts';
import type { EngineContext } from '../context.ts';
import {
  ControlConnection,
  type ControlFailure,
  type ControlMessage,
  checkAnswer,
  openDescriptorChannel,
} from '../control/connection.ts';
import type { AttachRequest, AttachSession } from '../ports.ts';
import { connectControl } from './connect-control.ts';
import { copy } from './streams.ts';
import { terminalSize } from './terminal-size.ts';

/** What a reader may be behind before output is lost to it: the largest pipe that needs no privilege. */
const CAPACITY = 1024 * 1024;

export async function attachToContainer(
  context: EngineContext,
  container: ObservedContainer,
  request: AttachRequest,
): Promise<AttachSession> {
  const attaching = new Attaching(context.native, connectControl(context, container), request);
  return attaching.begin(container.name);
}

/** Asks a monitor that does not exist yet: `client` is to be given to it. */
export function attachBeforeStart(
  native: Native,
  request: AttachRequest,
): { readonly client: Descriptor; readonly attaching: Attaching } {
  const [own, client] = native.socketPair();
  return { client, attaching: new Attaching(native, own, request) };
}

interface Pipes {
  readonly input: Socket;
  readonly output: Socket;
  readonly errors: Socket;
}

class Attaching {
  readonly #request: AttachRequest;
  readonly #connection: ControlConnection;
  readonly #pipes: Pipes;

  /** Takes over the control socket, and asks. */
  constructor(native: Native, control: Descriptor, request: AttachRequest) {
    const { endsInput, lossless } = request;
    const [input, output, errors] = [native.pipe(), native.pipe(), native.pipe()];
    const size = request.tty ? terminalSize(request.stdout) : undefined;
    const message = {
      v: 1,
      op: 'attach',
      lossless,
      endsInput,
      ...(lossless ? {} : { capacity: CAPACITY }),
      ...size,
    };
    const given = [input.read, output.write, errors.write];
    try {
      native.sendDescriptors(control, Buffer.from(`${JSON.stringify(message)}\n`), given);
    } finally {
      for (const fd of given) closeSync(fd);
    }
    this.#request = request;
    this.#connection = new ControlConnection(openDescriptorChannel(native, control));
    this.#pipes = {
      input: new Socket({ fd: input.write, readable: false, writable: true }),
      output: new Socket({ fd: output.read, readable: true, writable: false }),
      errors: new Socket({ fd: errors.read, readable: true, writable: false }),
    };
  }

  async begin(name: string): Promise<AttachSession> {
    const answer = await this.#connection.next();
    if (answer !== undefined) {
      try {
        checkVersion(answer, name);
        checkAnswer(answer, `attach to ${name}`);
        return this.#open();
      } catch (error) {
        this.cancel();
        throw error;
      }
    }
    this.cancel();
    throw new TcError(`container ${name} ended before it could be attached to`, { code: 'not-running' });
  }

  cancel(): void {
    this.#connection.close();
    for (const pipe of Object.values(this.#pipes)) pipe.destroy();
  }

  #open(): AttachSession {
    const connection = this.#connection;
    const { input, output, errors } = this.#pipes;
    const { stderr, stdin, stdout } = this.#request;
    const drained = Promise.all([copyOut(output, stdout), copyOut(errors, stderr)]);
    copyIn(stdin, input);
    const exitCode = this.#awaitExit(drained);
    return {
      exitCode,
      ended: exitCode.then(
        () => this.#awaitEnd(),
        () => undefined,
      ),
      resize: (rows, columns) => connection.send('resize', { rows, columns }),
      signal: (name) => {
        const signal = (constants.signals as Readonly<Record<string, number>>)[name];
        if (signal !== undefined) connection.send('signal', { signal });
      },
      leave: () => this.cancel(),
    };
  }

  async #awaitExit(drained: Promise<unknown>): Promise<number> {
    for (;;) {
      const message = await this.#connection.next();
      if (message === undefined) {
        this.cancel();
        throw new TcError("the container's monitor was lost, and the container with it", {
          code: 'exec-lost',
          exitCode: 137,
        });
      }
      if (message['event'] === 'dropped') this.#request.onDropped?.(message['bytes'] as number);
      if (message['event'] !== 'exited') continue;
      this.#pipes.input.destroy();
      await drained;
      return message['exitCode'] as number;
    }
  }

  async #awaitEnd(): Promise<void> {
    while ((await this.#connection.next()) !== undefined);
    this.cancel();
  }
}

/** An upgrade leaves what runs to the monitors that it has. */
function checkVersion({ error }: ControlMessage, name: string): void {
  if ((error as Partial<ControlFailure> | undefined)?.errno !== 'EOPNOTSUPP') return;
  throw new TcError(`container ${name} was started by a version of tcompose that could not attach`, {
    code: 'monitor-too-old',
    hints: ['restart the container, or see `logs -f`'],
  });
}

async function copyOut(from: Socket, to: Writable | undefined): Promise<void> {
  // Read though nobody wants it: an end that is closed would be one more way to fail for the container.
  await copy(from, to ?? new PassThrough().resume(), { end: false });
}

/** What the caller types; nothing keeps the command from ending. */
function copyIn(from: Readable | undefined, to: Socket): void {
  to.on('error', () => undefined);
  if (from === undefined) to.end();
  else copy(from, to, { end: true }).catch(() => undefined);
}
