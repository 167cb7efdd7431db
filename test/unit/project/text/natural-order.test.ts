import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareNaturally } from '../../../../src/project/text/natural-order.ts';

describe('compareNaturally', () => {
  it.each([
    [
      ['s10', 's2', 's1'],
      ['s1', 's2', 's10'],
    ],
    [
      ['b', 'a', 'C'],
      ['C', 'a', 'b'],
    ],
    [
      ['a1', 'a', 'ab'],
      ['a', 'a1', 'ab'],
    ],
    [
      ['a-b', 'a_b', 'ab'],
      ['a-b', 'a_b', 'ab'],
    ],
    [
      ['1', '1a', '10', '2'],
      ['1', '1a', '2', '10'],
    ],
    [
      ['a01', 'a1', 'a001'],
      ['a1', 'a01', 'a001'],
    ],
  ])('sorts %j', (names, sorted) => {
    expect([...names].sort(compareNaturally)).toEqual(sorted);
  });

  it('is an order', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'B', '0', '1', '2', '-', '_') });
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(Math.sign(compareNaturally(a, b)) + Math.sign(compareNaturally(b, a))).toBe(0);
        expect(compareNaturally(a, b) === 0).toBe(a === b);
      }),
    );
  });
});
