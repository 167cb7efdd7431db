// Vectors: docker/go-units, duration_test.go.

import { describe, expect, it } from 'vitest';
import { describeAge, describeDuration, formatGoTime } from '../../../src/ui/human-time.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

describe('durations', () => {
  it.each<[number, string]>([
    [450, 'Less than a second'],
    [-5 * second, 'Less than a second'],
    [second, '1 second'],
    [1999, '1 second'],
    [45 * second, '45 seconds'],
    [minute, 'About a minute'],
    [119 * second, 'About a minute'],
    [3 * minute, '3 minutes'],
    [35 * minute, '35 minutes'],
    [45 * minute, '45 minutes'],
    [hour, 'About an hour'],
    [hour + 29 * minute, 'About an hour'],
    [hour + 31 * minute, '2 hours'],
    [5 * hour, '5 hours'],
    [36 * hour, '36 hours'],
    [3 * day, '3 days'],
    [13 * day + 5 * hour, '13 days'],
    [14 * day, '2 weeks'],
    [61 * day, '2 months'],
    [364 * day, '12 months'],
    [366 * day, '1 years'],
    [2 * 366 * day, '2 years'],
  ])('%i ms is %s', (milliseconds, words) => {
    expect(describeDuration(milliseconds)).toBe(words);
  });
});

describe('instants', () => {
  it('are told by their age', () => {
    expect(describeAge('2026-01-01T00:00:00.5Z', Date.parse('2026-01-01T00:02:01Z'))).toBe('2 minutes ago');
    expect(describeAge(undefined, 0)).toBe('');
  });

  it('print as Go prints them', () => {
    expect(formatGoTime('2026-01-31T13:23:37.123456789Z')).toBe('2026-01-31 13:23:37 +0000 UTC');
  });
});
