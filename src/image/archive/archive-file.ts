// An archive given as a file or as a stream, opened so that its members can be read in any order. What is compressed or
// cannot be sought in is spooled to disk once.

import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { chunkSize, writeAll } from '../content/files.ts';
import { decompress, detectCompression } from '../layer/decompress.ts';

export interface SpoolPlace {
  /** Directory on the store's file system. */
  readonly staging: string;
}

export async function openArchive(
  place: SpoolPlace,
  source: string | AsyncIterable<Uint8Array>,
  what: string,
): Promise<FileHandle> {
  if (typeof source !== 'string') return spool(place, decompress(source, what));
  const file = await openRegular(source, what);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(6), 0, 6, 0);
  if (detectCompression(buffer.subarray(0, bytesRead)) === 'none') return file;
  await file.close();
  return spool(place, decompress(createReadStream(source, { highWaterMark: chunkSize }), what));
}

async function openRegular(path: string, what: string): Promise<FileHandle> {
  const file = await open(path).catch((cause) => {
    const named = what === path ? path : `${what}: ${path}`;
    throw new TcError(`${named} cannot be read: ${cause.code}`, {
      code: 'no-such-archive',
      hints: ['relative paths count from the directory of the Compose file, or from where the command runs'],
      cause,
    });
  });
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new TcError(`${what}: ${path} is not a file`, {
    code: 'no-such-archive',
    hints: ['for a directory write oci:PATH (an OCI image layout) or rootfs:PATH (a root file system)'],
  });
}

/** The file has no name, so that nothing of it is left behind, however this process ends. */
async function spool(place: SpoolPlace, chunks: AsyncIterable<Uint8Array>): Promise<FileHandle> {
  const path = join(place.staging, `spool-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  try {
    await unlink(path);
    let offset = 0;
    for await (const chunk of chunks) {
      await writeAll(file, chunk, offset);
      offset += chunk.length;
    }
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
