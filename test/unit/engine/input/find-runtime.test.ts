// Which program `runtime` names, by the files and programs of a directory.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findRuntime, isStoodIn, type RuntimePlaces } from '../../../../src/engine/input/find-runtime.ts';

let directory: string;
let places: RuntimePlaces;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tcompose-runtimes-'));
  mkdirSync(join(directory, 'bin'));
  places = {
    system: join(directory, 'runtimes.json'),
    daemon: join(directory, 'daemon.json'),
    path: [join(directory, 'nowhere'), join(directory, 'bin')],
  };
});
afterEach(() => rmSync(directory, { recursive: true }));

function program(name: string, mode = 0o755): string {
  const path = join(directory, 'bin', name);
  writeFileSync(path, '');
  chmodSync(path, mode);
  return path;
}

const find = (runtime: string | undefined) =>
  findRuntime({ name: 'web', ...(runtime !== undefined && { runtime }) }, places);

const refusal = (runtime: string) => {
  try {
    find(runtime);
  } catch (error) {
    return error as { code: string; message: string; hints: string[] };
  }
  throw new Error(`${runtime} was taken`);
};

describe('the runtime that is meant', () => {
  it("is tcompose's own where none is named, or Docker's default", () => {
    for (const name of [undefined, '', 'io.containerd.runc.v2']) expect(find(name)).toBeUndefined();
  });

  it('is registered, a well-known program, or a path', () => {
    const [crun, mine] = [program('crun'), program('mine')];
    writeFileSync(places.system, JSON.stringify({ runtimes: { m: { path: 'mine', runtimeArgs: ['-x'] } } }));
    expect(find('m')).toEqual({ name: 'm', path: mine, arguments: ['-x'] });
    expect(find('crun')).toEqual({ name: 'crun', path: crun, arguments: [] });
    expect(find(mine)).toEqual({ name: mine, path: mine, arguments: [] });
  });

  it("is looked up in Docker's file only where there is none of ours", () => {
    const mine = program('mine');
    writeFileSync(places.daemon, JSON.stringify({ runtimes: { docker: { path: mine } } }));
    expect(find('docker')?.path).toBe(mine);
    writeFileSync(places.system, '{}');
    expect(refusal('docker').code).toBe('no-such-runtime');
  });

  it('may take the name of a well-known program', () => {
    const mine = program('mine');
    writeFileSync(places.system, JSON.stringify({ runtimes: { runc: { path: mine } } }));
    expect(find('runc')?.path).toBe(mine);
  });

  it('is what stands in for runc that is not installed, and for no other', () => {
    expect(find('runc')).toBeUndefined();
    expect(isStoodIn({ runtime: 'runc' }, find('runc'))).toBe(true);
    expect(isStoodIn({ runtime: '' }, undefined)).toBe(false);
    expect(refusal('crun').message).toBe(
      'service web: runtime "crun": there is no program crun on this host',
    );
  });
});

describe('what is refused', () => {
  it('names what is near, and how to register', () => {
    const { code, hints } = refusal('crum');
    expect(code).toBe('no-such-runtime');
    expect(hints[0]).toBe('did you mean "crun"?');
    expect(hints[1]).toContain('/etc/tcompose/runtimes.json');
  });

  it('no program of PATH is a runtime because it is there', () => {
    program('ls');
    expect(refusal('ls').message).toBe('service web: runtime "ls" is not registered on this host');
  });

  it.each([0o775, 0o757])('a program that others may write (%o)', (mode) => {
    expect(refusal(program('loose', mode))).toMatchObject({ code: 'runtime-unsafe' });
  });

  it('a program in a directory where others may put another in its place', () => {
    const path = program('fine');
    chmodSync(join(directory, 'bin'), 0o777);
    expect(refusal(path).message).toContain(`${join(directory, 'bin')} belongs to others`);
    chmodSync(join(directory, 'bin'), 0o1777);
    expect(find(path)?.path).toBe(path);
  });

  it('a path where nothing is, a program that is none, a shim', () => {
    expect(refusal('/nowhere/at/all').code).toBe('no-such-runtime');
    expect(refusal(program('text', 0o644)).message).toContain('there is no program');
    writeFileSync(
      places.system,
      JSON.stringify({ runtimes: { k: { runtimeType: 'io.containerd.kata.v2' } } }),
    );
    expect(refusal('k').message).toContain('is a shim of containerd');
    expect(refusal('/usr/bin/containerd-shim-kata-v2').message).toContain('is a shim of containerd');
  });

  it('a file that is not as it should be, by its name', () => {
    writeFileSync(places.system, '{"runtimes": []}');
    expect(refusal('crun')).toMatchObject({
      code: 'malformed-runtimes',
      message: `${places.system}: runtimes: an object was expected, name to runtime`,
    });
  });
});
