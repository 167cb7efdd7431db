import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decompress, detectCompression } from '../../../src/image/layer/decompress.ts';

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

const plain = Buffer.from('some text, and more of it. '.repeat(40_000));

describe('layers by their first bytes', () => {
  const cases: [number[], string | undefined][] = [
    [[], 'none'],
    [[0x2e, 0x2f], 'none'],
    [[0x1f, 0x8b, 8], 'gzip'],
    [[0x28, 0xb5, 0x2f, 0xfd], 'zstd'],
    [[0x50, 0x2a, 0x4d, 0x18], 'zstd'],
    [[0x5f, 0x2a, 0x4d, 0x18], 'zstd'],
    [[0x42, 0x5a, 0x68], undefined],
    [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], undefined],
  ];
  for (const [bytes, expected] of cases) {
    it(`${Buffer.from(bytes).toString('hex') || 'nothing'} is ${expected}`, () => {
      expect(detectCompression(Buffer.from(bytes))).toBe(expected);
    });
  }
});

describe('decompression', () => {
  const run = (bytes: Buffer, size = 1000) => collect(decompress(pieces(bytes, size), 'the layer'));

  it('of plain bytes passes them on', async () => expect((await run(plain)).equals(plain)).toBe(true));
  it('of gzip in pieces of any size', async () => {
    const gzip = gzipSync(plain);
    for (const size of [1, 7, 100_000]) expect((await run(gzip, size)).equals(plain)).toBe(true);
  });
  it('of several gzip members one after the other', async () => {
    const both = Buffer.concat([gzipSync(plain), gzipSync(Buffer.from('end'))]);
    expect((await run(both)).subarray(-3).toString()).toBe('end');
  });
  it('of a truncated gzip fails', async () => {
    await expect(run(gzipSync(plain).subarray(0, 900))).rejects.toMatchObject({ code: 'corrupt-layer' });
  });
  it('of a corrupt gzip fails', async () => {
    const gzip = gzipSync(plain);
    gzip.fill(0xff, 500, 600);
    await expect(run(gzip)).rejects.toMatchObject({ code: 'corrupt-layer' });
  });
  it('of bzip2 is refused', async () => {
    await expect(run(Buffer.from('BZh91AY'))).rejects.toMatchObject({ code: 'unsupported-compression' });
  });
  it('tells an error of the input as it is', async () => {
    async function* broken() {
      yield gzipSync(plain).subarray(0, 900);
      throw new Error('the cable');
    }
    await expect(collect(decompress(broken(), 'x'))).rejects.toThrow('the cable');
  });
  it('ends the input when nobody reads on', async () => {
    let isEnded = false;
    async function* input() {
      try {
        for (;;) yield plain;
      } finally {
        isEnded = true;
      }
    }
    for await (const _ of decompress(input(), 'x')) break;
    expect(isEnded).toBe(true);
  });
});
