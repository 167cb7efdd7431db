// What everything that reads and writes blobs agrees on.

import type { FileHandle } from 'node:fs/promises';

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
