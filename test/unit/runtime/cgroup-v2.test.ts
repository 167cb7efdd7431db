import { expect, it } from 'vitest';
import { convertIoWeight, convertShares } from '../../../src/runtime/cgroup-v2.ts';

it.each([
  [2, 1],
  [1024, 100],
  [262_144, 10_000],
  [512, 59],
  [2048, 174],
  [1, 1],
  [1_000_000, 10_000],
])('%d shares weigh %d', (shares, weight) => {
  expect(convertShares(shares)).toBe(weight);
});

it.each([
  [10, 1],
  [500, 4950],
  [1000, 10_000],
])('an I/O weight of %d is %d', (before, after) => {
  expect(convertIoWeight(before)).toBe(after);
});
