import { afterEach, describe, expect, it, vi } from 'vitest';
import { InstanceLocator } from '../../../../src/engine/instance/instance.ts';

afterEach(() => vi.unstubAllEnvs());

describe('the data root', () => {
  it('is the one that is named, before that of the environment', () => {
    vi.stubEnv('TCOMPOSE_ROOT', '/srv/one');
    expect(new InstanceLocator({}).root).toBe('/srv/one');
    expect(new InstanceLocator({ root: '/srv/two' }).root).toBe('/srv/two');
  });

  it('is never the working directory because somebody left the variable empty', () => {
    vi.stubEnv('TCOMPOSE_ROOT', undefined);
    const usual = new InstanceLocator({}).root;
    vi.stubEnv('TCOMPOSE_ROOT', '');
    expect(new InstanceLocator({}).root).toBe(usual);
    expect(() => new InstanceLocator({ root: '' })).toThrow(/data root/);
  });
});
