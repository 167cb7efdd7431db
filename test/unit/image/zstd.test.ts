// Frames by hand (RFC 8878); that what the zstd program writes comes out right is shown in test/native/image.

import { describe, expect, it } from 'vitest';
import { decodeZstd } from '../../../src/image/layer/zstd.ts';

const magic = Buffer.from('28b52ffd', 'hex');

function block(type: number, size: number, content: Buffer, isLast = true): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (type << 1) | Number(isLast), 0, 3);
  return Buffer.concat([header, content]);
}

const raw = (text: string, isLast = true) => block(0, text.length, Buffer.from(text), isLast);
const repeated = (byte: string, size: number, isLast = true) => block(1, size, Buffer.from(byte), isLast);

interface FrameOptions {
  readonly descriptor?: number;
  readonly header?: Buffer;
  readonly tail?: Buffer;
}

/** With a window of 1 MiB, unless another header is given. */
function frame(blocks: readonly Buffer[], options: FrameOptions = {}): Buffer {
  const { descriptor = 0, header = Buffer.from([10 << 3]), tail = Buffer.alloc(0) } = options;
  return Buffer.concat([magic, Buffer.from([descriptor]), header, ...blocks, tail]);
}

function skippable(size: number, present = size): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(0x184d2a53);
  header.writeUInt32LE(size, 4);
  return Buffer.concat([header, Buffer.alloc(present, 1)]);
}

async function decode(bytes: Buffer, pieceSize = 7): Promise<string> {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize);
  }
  const parts: Uint8Array[] = [];
  for await (const part of decodeZstd(pieces())) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('zstd frames', () => {
  const honest: Record<string, [Buffer, string]> = {
    nothing: [Buffer.alloc(0), ''],
    'blocks as they are, and of one byte': [
      frame([raw('abc', false), repeated('x', 5, false), raw('d')]),
      'abcxxxxxd',
    ],
    'one after the other, with a check sum, and a skippable one between': [
      Buffer.concat([
        frame([raw('one ')], { descriptor: 4, tail: Buffer.alloc(4) }),
        skippable(100),
        frame([raw('two')]),
        skippable(3),
      ]),
      'one two',
    ],
    'a single segment, its size in two bytes': [
      frame([repeated('y', 300)], { descriptor: 0x60, header: Buffer.from([44, 0]) }),
      'y'.repeat(300),
    ],
  };
  for (const [name, [bytes, expected]] of Object.entries(honest)) {
    it(name, async () => {
      for (const size of [1, 2, 7, 1000]) expect(await decode(bytes, size)).toBe(expected);
    });
  }

  const refused: Record<string, [Buffer, RegExp]> = {
    'an end in the middle of a block': [frame([block(0, 100, Buffer.from('few'))]), /middle of a frame/],
    'an end after a block that is not the last': [frame([raw('abc', false)]), /middle of a frame/],
    'an end in the middle of a header': [frame([]).subarray(0, 5), /middle of a frame/],
    'an end in the middle of a skippable frame': [skippable(10, 5), /middle of a frame/],
    'something else behind a frame': [
      Buffer.concat([frame([raw('abc')]), Buffer.alloc(20, 1)]),
      /another kind/,
    ],
    'a block of the reserved type': [frame([block(3, 1, Buffer.from('x'))]), /no known type/],
    'a block of more than 128 KiB': [frame([repeated('x', 131_073)]), /no known type/],
    'a window of 144 MiB': [frame([raw('abc')], { header: Buffer.from([(17 << 3) | 1]) }), /too large/],
    'a window of 2 GiB in a later frame': [
      Buffer.concat([frame([raw('abc')]), frame([raw('abc')], { header: Buffer.from([21 << 3]) })]),
      /too large/,
    ],
    'a single segment of 1 GiB': [
      frame([raw('abc')], { descriptor: 0xa0, header: Buffer.from([0, 0, 0, 0x40]) }),
      /too large/,
    ],
    'a segment of 2^60 bytes': [
      frame([raw('abc')], { descriptor: 0xe0, header: Buffer.from([0, 0, 0, 0, 0, 0, 0, 0x10]) }),
      /too large/,
    ],
  };
  for (const [name, [bytes, message]] of Object.entries(refused)) {
    it(`refused: ${name}`, async () => {
      for (const size of [1, 7, 1000]) await expect(decode(bytes, size)).rejects.toThrow(message);
    });
  }

  it('a bomb comes out block by block, so that whoever reads can stop', async () => {
    const bomb = frame(Array.from({ length: 20_000 }, () => repeated('z', 131_072, false)));
    async function* whole() {
      yield bomb;
    }
    let size = 0;
    for await (const part of decodeZstd(whole())) {
      expect(part.length).toBeLessThanOrEqual(131_072);
      size += part.length;
      if (size > 1_000_000) break;
    }
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(200 * 1024 * 1024);
  });
});
