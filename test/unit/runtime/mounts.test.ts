import { describe, expect, it } from 'vitest';
import { parseTmpfs } from '../../../src/runtime/mounts.ts';

describe('parseTmpfs', () => {
  it.each([
    ['/run', ['nosuid', 'nodev', 'noexec']],
    ['/run:', ['nosuid', 'nodev', 'noexec']],
    ['/run:size=64m,mode=1770,uid=5', ['nosuid', 'nodev', 'noexec', 'size=64m', 'mode=1770', 'uid=5']],
    ['/run:exec,suid,ro', ['nodev', 'exec', 'suid', 'ro']],
    ['/run:noexec', ['nosuid', 'nodev', 'noexec']],
  ])('%j', (entry, options) => {
    expect(parseTmpfs(entry, 'web')).toEqual({
      destination: '/run',
      type: 'tmpfs',
      source: 'tmpfs',
      options,
    });
  });

  it('cleans the path', () => {
    expect(parseTmpfs('/a//b/../c', 'web').destination).toBe('/a/c');
  });

  it.each(['run', '', ':size=1m', '/run:size', '/run:size=', '/run:bind', '/run:exec=1', '/run:upperdir=/x'])(
    'refuses %j',
    (entry) => {
      expect(() => parseTmpfs(entry, 'web')).toThrowError(expect.objectContaining({ code: 'invalid-tmpfs' }));
    },
  );
});
