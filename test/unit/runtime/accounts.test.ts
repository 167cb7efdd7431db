import { describe, expect, it } from 'vitest';
import { isUserSpec, resolveUser } from '../../../src/runtime/accounts.ts';

const files = {
  passwd: [
    'root:x:0:0:root:/root:/bin/sh',
    'app:x:1000:1001::/home/app:/bin/sh',
    '1234:x:0:0:digits:/root:/bin/sh',
    'broken:line',
    'homeless:x:2000:2000::::',
    '',
  ].join('\n'),
  group: ['root:x:0:', 'staff:x:50:app,other', 'app:x:1001:', 'disk:x:6:root', 'bad:x:zero:app'].join('\n'),
};
const resolve = (spec: string, added: string[] = []) => resolveUser(spec, added, files);

describe('resolveUser', () => {
  it.each([
    ['', { uid: 0, gid: 0, home: '/root', additionalGids: [0, 6] }],
    ['app', { uid: 1000, gid: 1001, home: '/home/app', additionalGids: [1001, 50] }],
    ['1000', { uid: 1000, gid: 1001, home: '/home/app', additionalGids: [1001, 50] }],
    ['app:staff', { uid: 1000, gid: 50, home: '/home/app', additionalGids: [50] }],
    ['app:0', { uid: 1000, gid: 0, home: '/home/app', additionalGids: [0] }],
    ['3000', { uid: 3000, gid: 0, home: '/', additionalGids: [0] }],
    ['3000:4000', { uid: 3000, gid: 4000, home: '/', additionalGids: [4000] }],
    ['homeless', { uid: 2000, gid: 2000, home: '/', additionalGids: [2000] }],
  ])('%j', (spec, expected) => {
    expect(resolve(spec)).toEqual(expected);
  });

  it('takes digits for a number, never for a name that looks like one', () => {
    expect(resolve('1234').uid).toBe(1234);
  });

  it('adds groups by name and number, each once', () => {
    expect(resolve('app', ['disk', '50', '7000', 'disk']).additionalGids).toEqual([1001, 50, 6, 7000]);
  });

  it.each(['nobody', 'broken'])('has no user %j', (spec) => {
    expect(() => resolve(spec)).toThrowError(`the image has no user "${spec}"`);
  });

  it('has no group that the image lacks', () => {
    expect(() => resolve('app:wheel')).toThrowError('the image has no group "wheel"');
    expect(() => resolve('app', ['bad'])).toThrowError('the image has no group "bad"');
  });

  it.each([' 0', '0 ', '1000:', ':5', '-1', '4294967295', '0:4294967295', 'a:b:c', '0\n0', 'a b'])(
    'refuses %j',
    (spec) => {
      expect(() => resolve(spec)).toThrowError(
        expect.objectContaining({ code: 'invalid-user', exitCode: 126 }),
      );
      expect(isUserSpec(spec)).toBe(false);
    },
  );

  it('works without files', () => {
    expect(resolveUser('7:8', [], {})).toEqual({ uid: 7, gid: 8, home: '/', additionalGids: [8] });
    expect(() => resolveUser('root', [], {})).toThrowError('the image has no user "root"');
  });
});
