import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseHostLimits, resolveRlimits, UNLIMITED } from '../../../src/runtime/rlimits.ts';

const host = parseHostLimits(`Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max processes             1000                 2000                 processes
Max open files            1024                 20000                files
Max msgqueue size         819200               819200               bytes
`);
const resolve = (ulimits: Record<string, { soft: number; hard: number }>, canRaise = false) =>
  resolveRlimits({ serviceName: 'web', ulimits, host, canRaise });

describe('parseHostLimits', () => {
  it('reads both columns', () => {
    expect(host['nofile']).toEqual({ soft: 1024, hard: 20_000 });
    expect(host['cpu']).toEqual({ soft: UNLIMITED, hard: UNLIMITED });
    expect(host['msgqueue']).toEqual({ soft: 819_200, hard: 819_200 });
  });

  it('finds all fifteen on this kernel', () => {
    expect(Object.keys(parseHostLimits(readFileSync('/proc/self/limits', 'utf8')))).toHaveLength(15);
  });
});

describe('resolveRlimits', () => {
  it('sets open files by default, within what the host allows', () => {
    expect(resolve({})).toEqual([{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 20_000 }]);
    expect(resolve({}, true)).toEqual([{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 524_288 }]);
  });

  it('takes what the service says', () => {
    expect(resolve({ nproc: { soft: 10, hard: 20 }, nofile: { soft: 5, hard: 5 } })).toEqual([
      { type: 'RLIMIT_NOFILE', soft: 5, hard: 5 },
      { type: 'RLIMIT_NPROC', soft: 10, hard: 20 },
    ]);
    expect(resolve({ cpu: { soft: -1, hard: -1 } })[0]).toEqual({
      type: 'RLIMIT_CPU',
      soft: UNLIMITED,
      hard: UNLIMITED,
    });
  });

  it('refuses more than the host allows, by number', () => {
    expect(() => resolve({ nofile: { soft: 30_000, hard: 30_000 } })).toThrowError(
      'service "web": ulimits.nofile: 30000 is above this host\'s limit of 20000',
    );
    expect(() => resolve({ nproc: { soft: -1, hard: -1 } })).toThrowError('unlimited is above');
    expect(resolve({ nofile: { soft: 30_000, hard: 30_000 } }, true)[0]?.hard).toBe(30_000);
  });
});

it('unlimited fits an unsigned 64-bit number in JSON', () => {
  const text = JSON.stringify(UNLIMITED);
  expect(text).toMatch(/^\d+$/);
  expect(BigInt(text)).toBeLessThan(2n ** 64n);
  expect(BigInt(text)).toBeGreaterThan(2n ** 63n);
});
