// One pass over a layer: compressed bytes in, hashed plain bytes out to tcrun. Nothing is read twice.

import { createHash } from 'node:crypto';
import { TcError } from '../../base/error.ts';
import { readAhead } from '../content/read-ahead.ts';
import { type Digest, digestOfHash } from '../digest.ts';
import { decompress } from './decompress.ts';
import type { ArchiveTools } from './role.ts';
import { type Unpacked, unpackTar } from './untar.ts';

export interface UnpackRequest {
  /** The layer, for messages. */
  readonly what: string;
  /** As stored: gzip, zstd or plain. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Size of the stored form; what comes out of it is bounded by it. Undefined: the user's own, not bounded. */
  readonly compressedSize?: number;
  /** Undefined: it is not known yet. */
  readonly diffId?: Digest;
  /** The plain bytes are verified by whoever delivers them, under the name of the diff id. */
  readonly isVerified?: boolean;
  readonly directory: string;
  readonly lock: number;
  /** Called when no more bytes are needed, because those that came are refused. */
  readonly onRefused?: () => void;
}

export interface UnpackResult extends Unpacked {
  readonly diffId: Digest;
  readonly tarSize: number;
}

const giB = 1024 ** 3;

/**
 * The most that a layer may grow to. Real layers stay below 20 times their compressed size; an archive made to fill the
 * disk (gzip reaches 1000 times, zstd more) stops here.
 */
function expansionLimit(compressedSize: number): number {
  return Math.max(giB, 100 * compressedSize);
}

export async function unpackLayer(tools: ArchiveTools, request: UnpackRequest): Promise<UnpackResult> {
  const { what, diffId } = request;
  const hash = createHash('sha256');
  const { compressedSize = Number.POSITIVE_INFINITY } = request;
  const limit = expansionLimit(compressedSize);
  let tarSize = 0;
  async function* plain(): AsyncGenerator<Uint8Array> {
    for await (const chunk of decompress(request.chunks, what)) {
      tarSize += chunk.length;
      if (tarSize > limit) throw bomb(what, compressedSize, limit);
      if (!request.isVerified) hash.update(chunk);
      yield chunk;
    }
  }
  const unpacked = await unpackTar(tools, {
    what,
    directory: request.directory,
    lock: request.lock,
    input: readAhead(plain()),
    onRefused: request.onRefused,
  });
  const actual = request.isVerified && diffId !== undefined ? diffId : digestOfHash(hash);
  if (diffId !== undefined && actual !== diffId) throw wrongDiffId(what, diffId, actual);
  return { ...unpacked, diffId: actual, tarSize };
}

function bomb(what: string, compressed: number, limit: number): TcError {
  return new TcError(`${what} is refused: its ${compressed} bytes unpack to more than ${limit}`, {
    code: 'decompression-bomb',
    kind: 'environment',
    hints: ['an archive like this is made to fill the disk; nothing of it was kept'],
  });
}

function wrongDiffId(what: string, expected: Digest, actual: Digest): TcError {
  return new TcError(`${what} is refused: its uncompressed digest is ${actual}, its image says ${expected}`, {
    code: 'diff-id-mismatch',
    kind: 'environment',
    hints: ['the image is inconsistent; push or save it again'],
  });
}
