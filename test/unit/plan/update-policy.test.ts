import { describe, expect, it } from 'vitest';
import { isTolerated, resolvePolicy, splitBatches, windowOf } from '../../../src/plan/update-policy.ts';

describe('an update policy', () => {
  it('has the defaults of Swarm', () => {
    expect(resolvePolicy()).toEqual({
      order: 'stop-first',
      parallelism: 1,
      delay: 0,
      monitor: 5e9,
      failureAction: 'pause',
      maxFailureRatio: 0,
    });
    expect(resolvePolicy({ monitor: 0, parallelism: 0 })).toMatchObject({ monitor: 5e9, parallelism: 0 });
  });

  it.each([
    [1, [[1], [2], [3]]],
    [2, [[1, 2], [3]]],
    [3, [[1, 2, 3]]],
    [9, [[1, 2, 3]]],
    [0, [[1, 2, 3]]],
  ])('takes %i at a time', (parallelism, batches) => {
    expect(splitBatches([1, 2, 3], parallelism)).toEqual(batches);
  });

  it('has nothing to take of nothing', () => {
    expect([splitBatches([], 0), splitBatches([], 2)]).toEqual([[], []]);
  });

  it('watches as long as the delay is, but after the last batch', () => {
    const policy = resolvePolicy({ monitor: 2e9, delay: 7e9 });
    expect([windowOf(policy, false), windowOf(policy, true)]).toEqual([7e9, 2e9]);
    expect(windowOf(resolvePolicy({ monitor: 9e9, delay: 7e9 }), false)).toBe(9e9);
  });

  it.each([
    [1, 10, 0, false],
    [1, 10, 0.1, true],
    [2, 10, 0.1, false],
    [3, 10, 0.3, true],
    [7, 10, 0.7, true],
    [1, 3, 0.3, false],
    [1, 1, 1, true],
  ])('bears %i failures of %i with a ratio of %d: %s', (failed, total, maxFailureRatio, isBorne) => {
    expect(isTolerated(failed, { total, maxFailureRatio, failureAction: 'rollback' })).toBe(isBorne);
    expect(isTolerated(failed, { total, maxFailureRatio, failureAction: 'continue' })).toBe(true);
  });
});
