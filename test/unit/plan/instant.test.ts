import { describe, expect, it } from 'vitest';
import { compareInstants } from '../../../src/plan/instant.ts';

describe('instants', () => {
  it.each<[string | undefined, string | undefined, number]>([
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000000001Z', -1],
    ['2026-01-01T00:00:00.5Z', '2026-01-01T00:00:00.500Z', 0],
    ['2026-01-01T00:00:00.123456789Z', '2026-01-01T00:00:00.123456788Z', 1],
    ['2026-01-01T00:00:01Z', '2026-01-01T00:00:00.999999999Z', 1],
    ['2025-12-31T23:59:59.9Z', '2026-01-01T00:00:00Z', -1],
    [undefined, '2026-01-01T00:00:00Z', -1],
    ['2026-01-01T00:00:00Z', undefined, 1],
    [undefined, undefined, 0],
  ])('%s and %s', (a, b, order) => {
    expect(Math.sign(compareInstants(a, b))).toBe(order);
    expect(Math.sign(compareInstants(b, a))).toBe(0 - order);
  });
});
