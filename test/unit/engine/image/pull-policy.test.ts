import { expect, it } from 'vitest';
import { resolvePullPolicy } from '../../../../src/engine/image/pull-policy.ts';

const day = 24 * 3600 * 1000;

it.each([
  [undefined, undefined],
  ['missing', undefined],
  ['if_not_present', undefined],
  ['build', undefined],
  ['always', 'always'],
  ['never', 'never'],
  ['daily', { refreshAfterMs: day }],
  ['weekly', { refreshAfterMs: 7 * day }],
  ['every_12h', { refreshAfterMs: day / 2 }],
  ['every_1w2d3h4m', { refreshAfterMs: 9 * day + 3 * 3_600_000 + 4 * 60_000 }],
])('pull_policy %s is %j', (pull_policy, expected) => {
  expect(resolvePullPolicy({ name: 'web', pull_policy })).toEqual(expected);
});

it('refuses what it does not know', () => {
  for (const pull_policy of ['sometimes', 'every_', 'every_3x']) {
    expect(() => resolvePullPolicy({ name: 'web', pull_policy })).toThrow(
      `pull_policy "${pull_policy}" is unknown`,
    );
  }
});
