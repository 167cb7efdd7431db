// Filling a layer's directory: `tcrun untar`, and `tcrun settle` for what a layer leaves to those below it.

import { Socket } from 'node:net';
import type { Archiver } from '../../runtime/native.ts';
import { waitForRoom } from './backpressure.ts';
import { type ArchiveTools, parseAnswer, startRole } from './role.ts';

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
}

export async function unpackTar(tools: ArchiveTools, request: UntarRequest): Promise<Unpacked> {
  const { input, lock, what, directory } = request;
  const role = startRole(tools, directory, { role: 'untar', arguments: [String(mostEntries)], lock });
  const { entries, bytes, implicit } = await run(role, input, what);
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
  await run(role, [list], what);
}

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Why the input ended early comes before what the role says of the rest that it did not get. */
async function run(role: Archiver, input: Chunks, what: string): Promise<Readonly<Record<string, unknown>>> {
  const feeding = feed(role, input);
  const [fed, ended] = await Promise.allSettled([feeding, role.ended]);
  if (fed.status === 'rejected') throw fed.reason;
  if (ended.status === 'rejected') throw ended.reason;
  return parseAnswer(ended.value, what);
}

/** Writes everything and closes; ends early without an error when the role no longer reads, since its answer says why. */
async function feed(role: Archiver, input: Chunks): Promise<void> {
  const pipe = new Socket({ fd: role.archive, readable: false, writable: true });
  const closed = new Promise<void>((resolve) => pipe.once('close', () => resolve()));
  pipe.on('error', () => undefined);
  try {
    for await (const chunk of input) {
      if (pipe.destroyed) return;
      if (!pipe.write(chunk)) await waitForRoom(pipe);
    }
  } finally {
    // After an error too: the role then sees an end that it did not expect, and what it made is thrown away.
    pipe.end();
    await closed;
  }
}
