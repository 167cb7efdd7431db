// The operations of a monitor's control socket that carry no descriptors, typed. Contract: docs/runtime-protocol.md.

import { TcError } from '../../base/error.ts';
import type { MonitorStatus } from '../status/status.ts';
import { ControlConnection, type ControlFailure, type ControlMessage, checkAnswer } from './connection.ts';

export interface StopRequest {
  /** Absent: the container's own. */
  readonly graceMs?: number;
  readonly signal?: number;
  /** How long open connections may last before the signal. Default: not at all. */
  readonly drainMs?: number;
}

/** A container that is out of names and published ports. */
export interface Withdrawal {
  /** It is back, if it runs. */
  end(): void;
}

/** Each returns undefined or false if the monitor is gone. */
export interface MonitorClient {
  /** Resolves when the monitor is about to end, with the container's exit code. */
  stop(runDir: string, request: StopRequest): Promise<number | undefined>;
  /** Resolves when the container runs again. */
  restart(runDir: string, graceMs?: number): Promise<boolean>;
  /** Resolves when nobody is connected any more, or the time is over. */
  withdraw(runDir: string, drainMs: number): Promise<Withdrawal | undefined>;
  signal(runDir: string, signal: number): Promise<boolean>;
  /** Resolves when the container is frozen; one that is already stays so. */
  pause(runDir: string): Promise<boolean>;
  unpause(runDir: string): Promise<boolean>;
  /** The status now and at every change; ends with the monitor. */
  subscribe(runDir: string, signal?: AbortSignal): AsyncIterable<MonitorStatus>;
}

export const monitorClient: MonitorClient = {
  stop: (runDir, request) =>
    converse(runDir, async (connection) => {
      connection.send('stop', { ...request });
      const event = await answerThenEvent(connection, 'ended', 'stop');
      return (event?.['exitCode'] as number | undefined) ?? 0;
    }),

  restart: async (runDir, graceMs) => {
    const done = await converse(runDir, async (connection) => {
      connection.send('restart', { graceMs });
      return (await answerThenEvent(connection, 'started', 'restart')) !== undefined;
    });
    return done ?? false;
  },

  async withdraw(runDir, drainMs) {
    const connection = await ControlConnection.open(runDir);
    if (connection === undefined) return undefined;
    try {
      connection.send('withdraw', { drainMs });
      await answerThenEvent(connection, 'drained', 'withdraw');
    } catch (error) {
      connection.close();
      // It has ended by itself, or is older than this operation: then it serves until it is stopped.
      if (isFailure(error, ['ESRCH', 'EOPNOTSUPP'])) return undefined;
      throw error;
    }
    return { end: () => connection.close() };
  },

  signal: (runDir, signal) => ask(runDir, { op: 'signal', action: 'kill', members: { signal } }),
  pause: (runDir) => ask(runDir, { op: 'pause', action: 'pause' }),
  unpause: (runDir) => ask(runDir, { op: 'unpause', action: 'unpause' }),

  async *subscribe(runDir, signal) {
    const connection = await ControlConnection.open(runDir);
    if (connection === undefined) return;
    const close = () => connection.close();
    signal?.addEventListener('abort', close, { once: true });
    try {
      if (signal?.aborted) return;
      connection.send('subscribe');
      for (;;) {
        const message = await connection.next();
        if (message === undefined) return;
        yield checkAnswer(message, 'subscribe') as unknown as MonitorStatus;
      }
    } finally {
      signal?.removeEventListener('abort', close);
      connection.close();
    }
  },
};

/** A request of which the answer says no more than that it is done. */
async function ask(
  runDir: string,
  request: { readonly op: string; readonly action: string; readonly members?: Record<string, unknown> },
): Promise<boolean> {
  const done = await converse(runDir, async (connection) => {
    connection.send(request.op, request.members);
    const answer = await connection.next();
    return answer !== undefined && checkAnswer(answer, request.action) !== undefined;
  });
  return done ?? false;
}

async function converse<T>(
  runDir: string,
  talk: (connection: ControlConnection) => Promise<T>,
): Promise<T | undefined> {
  const connection = await ControlConnection.open(runDir);
  if (connection === undefined) return undefined;
  try {
    return await talk(connection);
  } finally {
    connection.close();
  }
}

/** Undefined: the monitor ended without saying so. */
async function answerThenEvent(
  connection: ControlConnection,
  event: string,
  action: string,
): Promise<ControlMessage | undefined> {
  const answer = await connection.next();
  if (answer === undefined) return undefined;
  checkAnswer(answer, action);
  for (;;) {
    const message = await connection.next();
    if (message === undefined || message['event'] === event) return message;
    checkAnswer(message, action);
  }
}

function isFailure(error: unknown, errnos: readonly string[]): boolean {
  const cause = error instanceof TcError ? (error.cause as Partial<ControlFailure> | undefined) : undefined;
  return cause?.errno !== undefined && errnos.includes(cause.errno);
}
