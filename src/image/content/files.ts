// What everything that reads and writes blobs agrees on.

import type { FileHandle } from 'node:fs/promises';
import { TcError } from '../../base/error.ts';

/** Reads and writes of blobs; Node's default of 64 KiB costs a third of the throughput. */
export const chunkSize = 256 * 1024;

/** For `catch`: a file that is not there is undefined. */
export function ignoreAbsent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}

/** write(2) may take less than it was given. */
export async function writeAll(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done);
    done += bytesWritten;
  }
}

const diskFull = new Set(['ENOSPC', 'EDQUOT']);
const notWritable = new Set(['EACCES', 'EPERM', 'EROFS']);

/** What the disk refused, in words; anything else as it is. */
export function describeDiskError(error: unknown, root: string): unknown {
  const { code = '', path = root } = error as NodeJS.ErrnoException;
  if (error instanceof TcError) return error;
  if (diskFull.has(code)) {
    return new TcError(`the disk of ${root} is full`, {
      code: 'disk-full',
      kind: 'environment',
      hints: ['make room, for example with `tcompose image prune`, and run the command again'],
      cause: error,
    });
  }
  if (!notWritable.has(code)) return error;
  return new TcError(`${path} cannot be written: ${code}`, {
    code: 'store-not-writable',
    kind: 'environment',
    hints: [
      'images are kept for root; run the command as root, or set TCOMPOSE_ROOT to a directory of your own',
    ],
    cause: error,
  });
}
