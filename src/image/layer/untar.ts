// Runs the archive roles of tcrun and puts what they answer into words.

import { Socket } from 'node:net';
import { TcError } from '../../base/error.ts';
import type { Archiver, Native, SpawnArchiverRequest } from '../../runtime/native.ts';
import { waitForRoom } from './backpressure.ts';

export type ArchiveNative = Pick<Native, 'spawnArchiver' | 'openDirectory' | 'close' | 'removeTree'>;

export interface ArchiveTools {
  readonly native: ArchiveNative;
  /** Absolute path of tcrun. */
  readonly executable: string;
}

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
  readonly input: AsyncIterable<Uint8Array> | { readonly fd: number };
}

export async function unpackTar(tools: ArchiveTools, request: UntarRequest): Promise<Unpacked> {
  const { input, lock, what } = request;
  const isFile = 'fd' in input;
  const role = startInDirectory(tools, request.directory, {
    role: 'untar',
    arguments: [String(mostEntries)],
    lock,
    ...(isFile ? { input: input.fd } : {}),
  });
  const feeding = isFile ? undefined : await settled(feed(role, input));
  const done = parseAnswer(await role.ended, feeding?.error, what);
  const { entries, bytes, implicit } = done as unknown as Unpacked;
  return { entries, bytes, implicit };
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
  const role = startInDirectory(tools, request.directory, {
    role: 'settle',
    arguments: request.parents,
    lock: request.lock,
  });
  const list = Buffer.from(request.implicit.map((path) => `${path}\0`).join(''), 'latin1');
  const fed = await settled(
    feed(
      role,
      (async function* () {
        yield list;
      })(),
    ),
  );
  parseAnswer(await role.ended, fed.error, request.what);
}

type RoleRequest = Omit<SpawnArchiverRequest, 'executable' | 'directory'>;

function startInDirectory(tools: ArchiveTools, path: string, request: RoleRequest): Archiver {
  const directory = tools.native.openDirectory(path);
  try {
    return tools.native.spawnArchiver({ ...request, executable: tools.executable, directory });
  } finally {
    tools.native.close(directory);
  }
}

async function settled(promise: Promise<void>): Promise<{ error?: unknown }> {
  try {
    await promise;
    return {};
  } catch (error) {
    return { error };
  }
}

/** Writes everything and closes; ends early without an error when the role no longer reads, since its answer says why. */
async function feed(role: Archiver, input: AsyncIterable<Uint8Array>): Promise<void> {
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

interface Failure {
  readonly step: string;
  readonly syscall: string;
  readonly errno: string;
  readonly path: string;
}

type Answer = { readonly done?: Record<string, unknown>; readonly failed?: Failure };

/** `feedError`: why the input ended early. It comes before what the role says of the rest that it did not get. */
function parseAnswer(
  ended: Awaited<Archiver['ended']>,
  feedError: unknown,
  what: string,
): Record<string, unknown> {
  if (feedError !== undefined) throw feedError;
  const text = Buffer.from(ended.text).toString('latin1');
  if (ended.signal !== 0 || text === '') {
    throw new TcError(`${what}: unpacking ended by signal ${ended.signal}`, {
      code: 'unpack-failed',
      kind: 'environment',
      hints: ["something killed tcrun; look for the kernel's out-of-memory killer in dmesg"],
    });
  }
  const answer = JSON.parse(text) as Answer;
  if (answer.failed) throw describeFailure(answer.failed, what);
  return answer.done ?? {};
}

function describeFailure(failure: Failure, what: string): TcError {
  const path = Buffer.from(failure.path, 'latin1').toString('utf8');
  const at = path === '' ? '' : ` at "${path}"`;
  if (failure.step === 'archive' && failure.errno === 'EBADMSG') {
    return new TcError(`${what} is refused: ${failure.syscall}${at}`, {
      code: 'malformed-layer',
      kind: 'environment',
      hints: ['the archive is broken or was made to do harm; nothing of it was kept'],
    });
  }
  if (failure.errno === 'ENOSPC' || failure.errno === 'EDQUOT') {
    return new TcError(`${what} does not fit on the disk${at}`, {
      code: 'disk-full',
      kind: 'environment',
      hints: ['make room, for example with `tcompose image prune`, and run the command again'],
    });
  }
  return new TcError(
    `${what} cannot be unpacked: ${failure.step}: ${failure.syscall}${at}: ${failure.errno}`,
    {
      code: 'unpack-failed',
      kind: 'environment',
      hints: ['unpacking needs root, and a file system with extended attributes and device files'],
    },
  );
}
