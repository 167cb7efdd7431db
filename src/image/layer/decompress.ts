// Layers are gzip, zstd or plain tar. Which one is read from the first bytes, as Docker does: media types lie.

import type { Duplex } from 'node:stream';
import zlib from 'node:zlib';
import { TcError } from '../../base/error.ts';
import { chunkSize } from '../content/files.ts';
import { waitForRoom } from './backpressure.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

const magicLength = 6;

/** Undefined: a compression that layers must not have. */
export function detectCompression(head: Uint8Array): Compression | undefined {
  const starts = (...bytes: number[]) => bytes.every((byte, at) => head[at] === byte);
  if (starts(0x1f, 0x8b)) return 'gzip';
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return 'zstd';
  // A skippable frame of zstd: some writers put one in front.
  if (head[0] !== undefined && head[0] >> 4 === 5 && starts(head[0], 0x2a, 0x4d, 0x18)) return 'zstd';
  const isOther = starts(0x42, 0x5a, 0x68) || starts(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00);
  return isOther ? undefined : 'none';
}

/** Yields the plain bytes. `what` names the input in messages. */
export async function* decompress(
  chunks: AsyncIterable<Uint8Array>,
  what: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = chunks[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  let length = 0;
  while (length < magicLength) {
    const { value, done } = await iterator.next();
    if (done) break;
    head.push(value);
    length += value.length;
  }
  const first = Buffer.concat(head);
  const compression = detectCompression(first);
  if (compression === undefined) throw unsupported(what, 'it is compressed with bzip2 or xz');
  const whole = resume(first, iterator);
  if (compression === 'none') yield* whole;
  else if (compression === 'gzip') yield* run(zlib.createGunzip({ chunkSize }), whole, what);
  else if (createZstdDecompress) yield* run(createZstdDecompress({ chunkSize }), whole, what);
  else yield* decodeHere(whole, what);
}

async function* resume(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (first.length > 0) yield first;
    for (;;) {
      const { value, done } = await rest.next();
      if (done) return;
      yield value;
    }
  } finally {
    await rest.return?.();
  }
}

// From Node.js 22.15 on.
const { createZstdDecompress } = zlib as typeof zlib & {
  createZstdDecompress?: (options: zlib.ZlibOptions) => Duplex;
};

async function* decodeHere(
  input: AsyncIterable<Uint8Array>,
  what: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let failure: unknown;
  const watched = (async function* () {
    try {
      yield* input;
    } catch (error) {
      failure = error;
      throw error;
    }
  })();
  try {
    const { decodeZstd } = await import('./zstd.ts');
    yield* decodeZstd(watched);
  } catch (error) {
    throw failure ?? corrupt(what, error);
  }
}

async function* run(
  decompressor: Duplex,
  input: AsyncIterable<Uint8Array>,
  what: string,
): AsyncGenerator<Uint8Array> {
  let failure: unknown;
  const feeding = feed(decompressor, input).catch((error) => {
    failure = error;
    decompressor.destroy(error);
  });
  try {
    yield* decompressor as AsyncIterable<Uint8Array>;
  } catch (error) {
    // An error of the input comes out of the decompressor as well; it is the cause.
    throw failure ?? corrupt(what, error);
  } finally {
    decompressor.destroy();
    await feeding;
  }
}

async function feed(decompressor: Duplex, input: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of input) {
    if (decompressor.destroyed) return;
    if (!decompressor.write(chunk)) await waitForRoom(decompressor);
  }
  decompressor.end();
}

function corrupt(what: string, cause: unknown): TcError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new TcError(`${what} cannot be decompressed: ${why}`, {
    code: 'corrupt-layer',
    kind: 'environment',
    hints: ['the file or the registry holds a broken layer; push or save the image again'],
    cause,
  });
}

function unsupported(what: string, why: string): TcError {
  return new TcError(`${what} cannot be unpacked: ${why}`, {
    code: 'unsupported-compression',
    hints: ['compress the layers with gzip, for example by skopeo copy --dest-compress-format gzip'],
  });
}
