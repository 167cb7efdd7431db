import { describe, expect, it } from 'vitest';
import {
  resolveArguments,
  resolveEnvironment,
  resolveWorkingDirectory,
} from '../../../src/runtime/process.ts';

const image = { Entrypoint: ['/entry'], Cmd: ['serve'], WorkingDir: '/srv' };
const args = (entrypoint: string[] | null, command: string[] | null, from: object = image) =>
  resolveArguments({ name: 'web', entrypoint, command }, from);

describe('resolveArguments', () => {
  it.each([
    [null, null, ['/entry', 'serve']],
    [null, ['other'], ['/entry', 'other']],
    [null, [], ['/entry']],
    [['/mine'], null, ['/mine']],
    [['/mine'], ['x'], ['/mine', 'x']],
    [[], null, ['serve']],
    [[], ['x', 'y'], ['x', 'y']],
  ])('entrypoint %j and command %j', (entrypoint, command, expected) => {
    expect(args(entrypoint, command)).toEqual(expected);
  });

  it('fails where nobody says what to run', () => {
    expect(() => args(null, null, {})).toThrowError('service "web" has no command to run');
    expect(() => args(null, [''], {})).toThrowError('no command');
    expect(() => args(null, null, { Entrypoint: null, Cmd: null })).toThrowError('no command');
  });
});

describe('resolveEnvironment', () => {
  const resolve = (service: Record<string, string | null>, env: string[] = [], tty = false) =>
    resolveEnvironment({ image: { Env: env }, service, hostname: 'box', home: '/home/app', tty });

  it('has a path, a host name and a home', () => {
    expect(resolve({})).toEqual([
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'HOSTNAME=box',
      'HOME=/home/app',
    ]);
  });

  it('lets the service win over the image, and the image over the defaults', () => {
    const env = resolve({ A: 'service', HOME: '/x' }, ['A=image', 'B=a=b', 'PATH=/bin', 'C=']);
    expect(env).toEqual(['PATH=/bin', 'HOSTNAME=box', 'A=service', 'B=a=b', 'C=', 'HOME=/x']);
  });

  it('removes what the service names without a value', () => {
    const env = resolve({ A: null, PATH: null, HOSTNAME: null, HOME: null }, ['A=1', 'B=2']);
    expect(env).toEqual(['B=2']);
  });

  it('names the terminal where there is one', () => {
    expect(resolve({}, [], true)).toContain('TERM=xterm');
    expect(resolve({ TERM: 'vt100' }, [], true)).toContain('TERM=vt100');
  });
});

describe('resolveWorkingDirectory', () => {
  it("is the service's, the image's, or the root", () => {
    expect(resolveWorkingDirectory({ name: 'web', working_dir: '/a' }, image)).toBe('/a');
    expect(resolveWorkingDirectory({ name: 'web' }, image)).toBe('/srv');
    expect(resolveWorkingDirectory({ name: 'web' }, { WorkingDir: '' })).toBe('/');
    expect(resolveWorkingDirectory({ name: 'web' }, { WorkingDir: '/a/../b/' })).toBe('/b');
  });

  it('is absolute', () => {
    expect(() => resolveWorkingDirectory({ name: 'web', working_dir: 'a' }, image)).toThrowError(
      'not an absolute path',
    );
  });
});
