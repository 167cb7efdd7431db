// Filling a layer's directory: `tcrun untar`, and `tcrun settle` for what a layer leaves to those below it.

import { Socket } from 'node:net';
import type { Archiver } from '../../runtime/native.ts';
import { waitForRoom } from './backpressure.ts';
import { type ArchiveTools, parseAnswer, type RoleFailure, startRole } from './role.ts';

export interface Unpacked {
  readonly entries: number;
  /** Content of the files. */
  readonly bytes: number;
  /** Directories that no entry described, names as bytes (Latin-1), outermost first. */
  readonly implicit: readonly string[];
}

/** More than the largest images have, few enough to be survived. */
const mostEntries = 5_000_000;

export interface UntarRequest {
  /** What is unpacked, for messages. */
  readonly what: string;
  /** The empty directory to unpack into. */
  readonly directory: string;
  /** Held until tcrun has ended. */
  readonly lock?: number;
  /** Plain tar. */
  readonly input: AsyncIterable<Uint8Array>;
  /** Called when tcrun has ended before the input has. */
  readonly onRefused?: (() => void) | undefined;
}

export async function unpackTar(tools: ArchiveTools, request: UntarRequest): Promise<Unpacked> {
  const { input, lock, what, directory, onRefused } = request;
  const role = startRole(tools, directory, { role: 'untar', arguments: [String(mostEntries)], lock });
  const { entries, bytes, implicit } = await feedRole(role, input, { what, onRefused });
  return { entries, bytes, implicit } as Unpacked;
}

export interface SettleRequest {
  readonly what: string;
  readonly directory: string;
  /** Absolute, topmost first. */
  readonly parents: readonly string[];
  readonly implicit: readonly string[];
  readonly lock?: number;
}

/** Fits the directories that a layer does not describe to the layers below it. */
export async function settleLayer(tools: ArchiveTools, request: SettleRequest): Promise<void> {
  const { directory, parents, implicit, lock, what } = request;
  const role = startRole(tools, directory, { role: 'settle', arguments: parents, lock });
  const list = Buffer.from(implicit.map((path) => `${path}\0`).join(''), 'latin1');
  await feedRole(role, [list], { what });
}

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

interface Feeding {
  /** What is worked on, for messages. */
  readonly what: string;
  readonly onRefused?: (() => void) | undefined;
  readonly describe?: (failure: RoleFailure, what: string) => Error;
}

/**
 * Feeds a role; its answer. Of two failures the first is the cause: a role that refuses, or an input that ends and leaves
 * the role with half of it.
 */
export async function feedRole(
  role: Archiver,
  input: Chunks,
  { describe, onRefused, what }: Feeding,
): Promise<Readonly<Record<string, unknown>>> {
  const feeding = new Feeder(role);
  const fed = feeding.run(input).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const ended = await role.ended;
  const isRefused = !feeding.isComplete;
  if (isRefused) onRefused?.();
  const failure = await fed;
  if (failure && !isRefused) throw failure.error;
  const done = parseAnswer(ended, what, describe);
  if (failure) throw failure.error;
  return done;
}

class Feeder {
  /** The input has come to its end, whichever. Only after that does the role see one. */
  isComplete = false;
  readonly #pipe: Socket;

  constructor(role: Archiver) {
    this.#pipe = new Socket({ fd: role.archive, readable: false, writable: true });
    // Nobody reads any more: the role's answer says why.
    this.#pipe.on('error', () => undefined);
  }

  async run(input: Chunks): Promise<void> {
    const pipe = this.#pipe;
    const closed = new Promise<void>((resolve) => pipe.once('close', () => resolve()));
    try {
      for await (const chunk of input) {
        if (pipe.destroyed) return;
        if (!pipe.write(chunk)) await waitForRoom(pipe);
      }
      this.isComplete = true;
    } catch (error) {
      this.isComplete = true;
      throw error;
    } finally {
      // After an error too: what the role made of half an input is thrown away.
      pipe.end();
      await closed;
    }
  }
}
