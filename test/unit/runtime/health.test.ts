import { describe, expect, it } from 'vitest';
import { resolveHealth } from '../../../src/runtime/health.ts';

const SECOND = 1e9;
const image = {
  Healthcheck: {
    Test: ['CMD', 'ready'],
    Interval: 5 * SECOND,
    Timeout: 2 * SECOND,
    Retries: 7,
    StartPeriod: SECOND,
  },
};

describe('resolveHealth', () => {
  it('fills in what nobody says', () => {
    expect(resolveHealth({ test: ['CMD', 'true'] }, {})).toEqual({
      command: ['true'],
      intervalMs: 30_000,
      timeoutMs: 30_000,
      retries: 3,
      startPeriodMs: 0,
      startIntervalMs: 5_000,
    });
  });

  it("takes the image's, and the service's single values over it", () => {
    expect(resolveHealth(undefined, image)).toMatchObject({
      command: ['ready'],
      intervalMs: 5_000,
      retries: 7,
    });
    expect(resolveHealth({ interval: SECOND, retries: 1 }, image)).toEqual({
      command: ['ready'],
      intervalMs: 1_000,
      timeoutMs: 2_000,
      retries: 1,
      startPeriodMs: 1_000,
      startIntervalMs: 5_000,
    });
  });

  it('wraps CMD-SHELL in the shell of the image', () => {
    const test = ['CMD-SHELL', 'curl -f localhost || exit 1'];
    expect(resolveHealth({ test }, {})?.command).toEqual(['/bin/sh', '-c', test[1]]);
    expect(resolveHealth({ test }, { Shell: ['/bin/bash', '-ec'] })?.command).toEqual([
      '/bin/bash',
      '-ec',
      test[1],
    ]);
  });

  it('has no probe where there is none, or where it is turned off', () => {
    expect(resolveHealth(undefined, {})).toBeUndefined();
    expect(resolveHealth({ interval: SECOND }, {})).toBeUndefined();
    expect(resolveHealth({ test: ['NONE'] }, image)).toBeUndefined();
    expect(resolveHealth({ disable: true, test: ['CMD', 'true'] }, image)).toBeUndefined();
    expect(resolveHealth({ test: ['CMD'] }, {})).toBeUndefined();
  });

  it('never waits less than a millisecond', () => {
    expect(resolveHealth({ test: ['CMD', 'true'], interval: 1 }, {})?.intervalMs).toBe(1);
  });
});
