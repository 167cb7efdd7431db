// What Go prints of the same values, by strconv.QuoteRune and time.Duration.String.

import { describe, expect, it } from 'vitest';
import type { HealthcheckInstruction } from '../../../src/build/dockerfile/instruction.ts';
import { formatHealthcheck, formatSpan } from '../../../src/build/stage/history-text.ts';

describe('durations', () => {
  it.each([
    [0, '0s'],
    [1, '1ns'],
    [1500, '1.5µs'],
    [300e6, '300ms'],
    [1.5e9, '1.5s'],
    [60e9, '1m0s'],
    [90e9, '1m30s'],
    [3600e9, '1h0m0s'],
    [5400e9 + 3.5e9, '1h30m3.5s'],
    [36e12, '10h0m0s'],
  ])('%d ns are %s', (span, text) => {
    expect(formatSpan(span)).toBe(text);
  });
});

describe('health checks', () => {
  it.each([
    [0, "'\\x00'"],
    [3, "'\\x03'"],
    [10, "'\\n'"],
    [31, "'\\x1f'"],
    [32, "' '"],
    [39, "'\\''"],
    [65, "'A'"],
    [127, "'\\x7f'"],
    [160, "'\\u00a0'"],
    [233, "'é'"],
    [2_000_000, "'\uFFFD'"],
  ])('%d retries are the character %s', (retries, text) => {
    const instruction = { kind: 'HEALTHCHECK', retries } as HealthcheckInstruction;
    expect(formatHealthcheck(['NONE'], instruction)).toBe(`&{["NONE"] "0s" "0s" "0s" "0s" ${text}}`);
  });
});
