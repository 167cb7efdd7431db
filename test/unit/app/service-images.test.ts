// What `pull` and `push` do with which service.

import { describe, expect, it } from 'vitest';
import { decidePull } from '../../../src/app/pull.ts';
import { listPushed } from '../../../src/app/push.ts';
import { buildWorld } from '../plan/world.ts';

const build = { context: '.' };

describe('pull', () => {
  const choice = { ignoreBuildable: false };

  it.each([
    [{}, 'always'],
    [{ pull_policy: 'always' }, 'always'],
    [{ pull_policy: 'daily' }, 'always'],
    [{ pull_policy: 'missing' }, 'missing'],
    [{ pull_policy: 'if_not_present' }, 'missing'],
    [{ build }, 'always'],
  ])('%j is got: %s', (service, policy) => {
    expect(decidePull({ image: 'a:1', ...service }, choice)).toEqual({ policy });
  });

  it.each([
    [{ pull_policy: 'never' }, 'its pull_policy is never'],
    [{ pull_policy: 'build', build }, 'its pull_policy is build'],
    [{ image: undefined, build }, 'it names no image to be pulled'],
  ])('%j is skipped: %s', (service, skip) => {
    expect(decidePull({ image: 'a:1', ...service } as never, choice)).toEqual({ skip });
  });

  it('goes by the policy of the command before that of the service', () => {
    expect(decidePull({ image: 'a:1', pull_policy: 'never' }, { ...choice, policy: 'missing' })).toEqual({
      policy: 'missing',
    });
  });

  it('leaves out what can be built if asked', () => {
    expect(decidePull({ image: 'a:1', build }, { ignoreBuildable: true })).toEqual({
      skip: 'it can be built',
    });
    expect(decidePull({ image: 'a:1' }, { ignoreBuildable: true })).toEqual({ policy: 'always' });
  });
});

it('push sends each name of what is built once, and nothing else', () => {
  const { model } = buildWorld({
    services: {
      web: { image: 'web:1', build: { context: '.', tags: ['web:latest', 'web:1'] } },
      worker: { image: 'web:1', build },
      db: { image: 'db:1' },
      tool: { image: undefined, build },
    },
  });
  const pushed = listPushed(Object.values(model.services)).map(({ image }) => image);
  expect(pushed).toEqual(['web:1', 'web:latest']);
});
