import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBytes, parseBytes } from '../../../src/base/units.ts';

describe('parseBytes', () => {
  it.each([
    ['0', 0],
    ['2b', 2],
    ['1024', 1024],
    ['1k', 1024],
    ['1kb', 1024],
    ['1KiB', 1024],
    ['300m', 300 * 1024 ** 2],
    ['1gb', 1024 ** 3],
    ['1.5g', 1.5 * 1024 ** 3],
    ['2 MB', 2 * 1024 ** 2],
    ['1t', 1024 ** 4],
    ['1p', 1024 ** 5],
    ['-1', -1],
  ])('reads %s', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each(['', 'm', '1x', '1mm', '-1m', '1 m b', '1,5m', 'ten'])('refuses %j', (text) => {
    expect(parseBytes(text)).toBeUndefined();
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0'],
    [100, '100b'],
    [1024, '1k'],
    [1536 * 1024, '1536k'],
    [64 * 1024 ** 2, '64m'],
    [-1, '-1'],
  ])('writes %d as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('writes what parseBytes reads back', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), fc.nat(10), (number, shift) => {
        const bytes = number * 2 ** shift;
        expect(parseBytes(formatBytes(bytes))).toBe(bytes);
      }),
    );
  });
});
