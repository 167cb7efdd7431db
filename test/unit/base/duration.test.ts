import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/base/duration.ts';

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['1ns', 1],
    ['1us', 1e3],
    ['1µs', 1e3],
    ['1μs', 1e3],
    ['20ms', 20e6],
    ['10s', 10e9],
    ['1m30s', 90e9],
    ['1h5m30s20ms', 3_930_020e6],
    ['1.5h', 5400e9],
    ['.5s', 5e8],
    ['2d', 172_800e9],
    ['1w', 604_800e9],
    ['-1m', -60e9],
    ['+1s', 1e9],
  ])('reads %s', (text, nanoseconds) => {
    expect(parseDuration(text)).toBe(nanoseconds);
  });

  it.each(['', '-', '10', '1.5', 's', '1x', '1 s', '1s ', '1s5', 'abc', '1..5s'])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [1, '1ns'],
    [1500, '1.5µs'],
    [100e6, '100ms'],
    [1.5e9, '1.5s'],
    [60e9, '1m0s'],
    [90e9, '1m30s'],
    [3600e9, '1h0m0s'],
    [172_800e9, '48h0m0s'],
    [-90e9, '-1m30s'],
    [3_661_001_000_001, '1h1m1.001000001s'],
  ])('writes %d as %s', (nanoseconds, text) => {
    expect(formatDuration(nanoseconds)).toBe(text);
  });

  it('writes what parseDuration reads back', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e15, max: 1e15 }), (nanoseconds) => {
        expect(parseDuration(formatDuration(nanoseconds))).toBe(nanoseconds);
      }),
    );
  });
});
