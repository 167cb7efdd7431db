import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareTimes, parseLogLine } from '../../../../src/engine/log/log-line.ts';
import { mergeSorted } from '../../../../src/engine/log/merge.ts';

describe('merging', () => {
  it('is the sorted whole, and keeps the order of equals', () => {
    const sequence = fc.array(fc.nat(20)).map((values) => values.sort((a, b) => a - b));
    fc.assert(
      fc.property(fc.array(sequence, { maxLength: 8 }), (sequences) => {
        const tagged = sequences.map((values, rank) => values.map((value, at) => ({ value, rank, at })));
        const merged = [...mergeSorted(tagged, (a, b) => a.value - b.value)];
        const expected = tagged.flat().sort((a, b) => a.value - b.value || a.rank - b.rank || a.at - b.at);
        expect(merged).toEqual(expected);
      }),
    );
  });

  it('takes from a sequence no more than it gives', () => {
    let taken = 0;
    function* endless() {
      for (;;) {
        taken += 1;
        yield taken;
      }
    }
    const merged = mergeSorted([endless(), [1.5, 2.5]], (a, b) => a - b);
    expect([1, 2, 3].map(() => merged.next().value)).toEqual([1, 1.5, 2]);
    expect(taken).toBeLessThan(5);
  });
});

describe('log lines', () => {
  it('are Docker json-file records', () => {
    const line = '{"log":"caf\\u00e9 \\u003cb\\u003e\\n","stream":"stderr","time":"2026-01-01T00:00:00.5Z"}';
    expect(parseLogLine(line, 'id')).toEqual({
      containerId: 'id',
      stream: 'stderr',
      time: '2026-01-01T00:00:00.5Z',
      text: 'café <b>\n',
    });
  });

  it('that are cut short are no records', () => {
    for (const line of ['', '{"log":"x', '{}', '[]', 'null'])
      expect(parseLogLine(line, 'id')).toBeUndefined();
  });

  it('compare by instant, whatever their precision and offset', () => {
    const ordered = [
      '2025-12-31T23:59:59.999999999Z',
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00.1Z',
      '2026-01-01T00:00:00.100000001Z',
      '2026-01-01T00:00:00.12Z',
    ];
    for (const [i, a] of ordered.entries()) {
      for (const [j, b] of ordered.entries()) {
        expect(Math.sign(compareTimes(a, b))).toBe(Math.sign(i - j));
      }
    }
    expect(compareTimes('2026-01-01T01:00:00.5+01:00', '2026-01-01T00:00:00.5Z')).toBe(0);
  });
});
