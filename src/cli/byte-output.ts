// Archives go to a file, which appears whole or not at all, or to standard output, which must not be a terminal.

import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TcError } from '../base/error.ts';
import { errnoOf } from '../base/system-error.ts';
import { brokenPipeExitCode, isTerminal } from '../ui/sink.ts';

/** Before anything is done: somebody who forgot `-o` would have their terminal full of bytes. */
export function requireByteOutput(file: string | undefined): void {
  if (file !== undefined || !isTerminal(1)) return;
  throw new TcError('an archive is not written to a terminal', {
    code: 'output',
    hints: ['name a file with --output, or redirect the output'],
  });
}

export async function writeBytes(
  chunks: AsyncIterable<Uint8Array>,
  file: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (file === undefined) await pipeline(chunks, process.stdout, { end: false, signal });
    else await writeFileWhole(chunks, file, signal);
  } catch (error) {
    signal.throwIfAborted();
    // A reader that went away ends the process without a word, as SIGPIPE would.
    if (file === undefined && errnoOf(error) === 'EPIPE') process.exit(brokenPipeExitCode);
    throw describe(error, file ?? 'standard output');
  }
}

async function writeFileWhole(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const target = await realpath(file).catch(() => file);
  const found = await stat(target).catch(() => undefined);
  if (found !== undefined && !found.isFile()) {
    // A device or a pipe: there is nothing to put in its place.
    await pipeline(chunks, createWriteStream(target), { signal });
    return;
  }
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}`);
  try {
    await pipeline(chunks, createWriteStream(temporary, { flags: 'wx', mode: 0o600 }), { signal });
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

function describe(error: unknown, what: string): unknown {
  const errno = error instanceof TcError ? undefined : errnoOf(error);
  if (errno === undefined || !(error instanceof Error)) return error;
  return new TcError(`cannot write ${what}: ${error.message}`, {
    code: 'output',
    kind: 'environment',
    cause: error,
  });
}
