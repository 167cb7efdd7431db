import { describe, expect, it } from 'vitest';
import { strictestPolicy } from '../../../../src/engine/image/pull-policy.ts';
import { mergeWanted, wantImage } from '../../../../src/engine/image/wanted-image.ts';
import type { PullPolicy } from '../../../../src/image/resolve.ts';
import { buildWorld } from '../../plan/world.ts';

const service = (words: object) => {
  const { services } = buildWorld({ services: { web: words } }).model;
  return services['web']!;
};

describe('the image that a service wants', () => {
  it('is what the service says, by its policy', () => {
    expect(
      wantImage(service({ image: 'a:1', pull_policy: 'daily', platform: 'linux/arm64' }), undefined),
    ).toEqual({
      reference: 'a:1',
      platform: 'linux/arm64',
      policy: { refreshAfterMs: 86_400_000 },
      services: ['web'],
    });
    expect(wantImage(service({ image: 'a:1' }), undefined).policy).toBe('missing');
  });

  it('is got by the policy of the command where it has one', () => {
    expect(wantImage(service({ image: 'a:1', pull_policy: 'never' }), undefined, 'always').policy).toBe(
      'always',
    );
    expect(wantImage(service({ image: 'a:1', pull_policy: 'always' }), undefined, 'missing').policy).toBe(
      'missing',
    );
  });
});

describe('images of several services', () => {
  const want = (name: string, reference: string, policy: PullPolicy, platform?: string) => ({
    reference,
    policy,
    services: [name],
    ...(platform && { platform }),
  });

  it('are one where reference and platform are one', () => {
    const merged = mergeWanted([
      want('a', 'x:1', 'missing'),
      want('b', 'y:1', 'never'),
      want('c', 'x:1', 'always'),
      want('d', 'x:1', 'missing', 'linux/arm64'),
    ]);
    expect(merged.map(({ reference, services, policy }) => [reference, services, policy])).toEqual([
      ['x:1', ['a', 'c'], 'always'],
      ['y:1', ['b'], 'never'],
      ['x:1', ['d'], 'missing'],
    ]);
  });

  it('are got as the strictest of them wants', () => {
    const [hour, day] = [{ refreshAfterMs: 3_600_000 }, { refreshAfterMs: 86_400_000 }];
    const order: PullPolicy[] = ['never', 'missing', day, hour, 'always'];
    for (const [at, weaker] of order.entries()) {
      for (const stricter of order.slice(at)) {
        expect(strictestPolicy([weaker, stricter])).toEqual(stricter);
        expect(strictestPolicy([stricter, weaker])).toEqual(stricter);
      }
    }
  });
});
