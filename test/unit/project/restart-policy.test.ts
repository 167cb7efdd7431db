import { expect, it } from 'vitest';
import { resolveRestart } from '../../../src/project/restart-policy.ts';

it.each([
  [{}, 'no', 0],
  [{ restart: 'no' }, 'no', 0],
  [{ restart: 'always' }, 'always', 0],
  [{ restart: 'unless-stopped' }, 'unless-stopped', 0],
  [{ restart: 'on-failure' }, 'on-failure', 0],
  [{ restart: 'on-failure:5' }, 'on-failure', 5],
  [{ restart: 'no', deploy: { restart_policy: {} } }, 'always', 0],
  [{ restart: 'always', deploy: { restart_policy: { condition: 'none' } } }, 'no', 0],
  [{ deploy: { restart_policy: { condition: 'on-failure', max_attempts: 3 } } }, 'on-failure', 3],
  [{ deploy: { restart_policy: { condition: 'any', max_attempts: 3 } } }, 'always', 3],
  [{ restart: 'always', deploy: { replicas: 2 } }, 'always', 0],
])('%j', (service, policy, maxRetries) => {
  expect(resolveRestart(service)).toEqual({ policy, maxRetries });
});

it('takes delay and window as they are', () => {
  const restart_policy = { delay: 5e9, window: 120e9, max_attempts: 2 };
  expect(resolveRestart({ deploy: { restart_policy } })).toEqual({
    ...{ policy: 'always', maxRetries: 2, delayMs: 5000, windowMs: 120_000 },
  });
  expect(resolveRestart({ deploy: { restart_policy: { delay: 0 } } })).toMatchObject({ delayMs: 0 });
});

it.each(['sometimes', 'on-failure:', 'on-failure:x', 'on-failure:-1', 'Always'])(
  '%j is no policy',
  (restart) => {
    expect(resolveRestart({ restart })).toBeUndefined();
  },
);
