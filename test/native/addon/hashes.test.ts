// The addon's hashes are those of node:crypto.

import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findHashes } from '../../../src/runtime/native.ts';

const node = (...parts: readonly (string | Uint8Array)[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

describe("the addon's hashes", () => {
  const hashes = findHashes();

  it('are there, with the OpenSSL of this Node', () => {
    expect(hashes).toBeDefined();
  });

  it.each([
    ['nothing', []],
    ['an empty string', ['']],
    ['text', ['a', 'ä€😀\0']],
    ['half a surrogate pair', ['\ud83d']],
    ['bytes', [Buffer.from([0, 255, 10])]],
    ['a part of a buffer', [new Uint8Array(new ArrayBuffer(16), 3, 5).fill(7)]],
    ['wider elements', [new Uint8Array(new Uint32Array([1, 2]).buffer)]],
    ['much', [Buffer.alloc(3_000_000, 'x'), 'y'.repeat(1_000_000)]],
  ])('agree about %s', (_, parts: readonly (string | Uint8Array)[]) => {
    expect(hashes?.sha256(...parts)).toBe(node(...parts));
    const [data = ''] = parts;
    for (const key of [Buffer.alloc(0), Buffer.from('key'), Buffer.alloc(200, 1)]) {
      expect(hashes?.hmacSha256(key, data)).toBe(createHmac('sha256', key).update(data).digest('hex'));
    }
  });

  it('are of nothing else', () => {
    expect(() => hashes?.sha256('a', 5 as never)).toThrow(TypeError);
    expect(() => hashes?.hmacSha256(Buffer.from('k'), undefined as never)).toThrow(TypeError);
  });
});
