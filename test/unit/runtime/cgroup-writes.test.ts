import { expect, it } from 'vitest';
import { convertShares } from '../../../src/runtime/cgroup-writes.ts';

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
