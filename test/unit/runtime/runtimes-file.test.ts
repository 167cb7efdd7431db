// runtimes.json and what Docker's daemon.json says in its place.

import { describe, expect, it } from 'vitest';
import { parseDaemonRuntimes, parseRuntimesFile } from '../../../src/runtime/runtimes-file.ts';

const parse = (value: unknown) => parseRuntimesFile(JSON.stringify(value), '/r.json');

describe('runtimes.json', () => {
  it('holds programs by name, with arguments', () => {
    const runtimes = {
      gvisor: { path: '/usr/bin/runsc', runtimeArgs: ['--platform=systrap'] },
      nvidia: { path: 'nvidia-container-runtime' },
    };
    expect(parse({ runtimes })).toEqual({
      gvisor: { path: '/usr/bin/runsc', arguments: ['--platform=systrap'] },
      nvidia: { path: 'nvidia-container-runtime', arguments: [] },
    });
    expect(parse({})).toEqual({});
  });

  it("takes the program behind containerd's shim of runc, and knows other shims for what they are", () => {
    const options = { BinaryName: '/usr/bin/crun' };
    const runtimes = {
      crun: { runtimeType: 'io.containerd.runc.v2', options },
      plain: { runtimeType: 'io.containerd.runc.v2' },
      kata: { runtimeType: 'io.containerd.kata.v2' },
      wasm: { path: '/usr/local/bin/containerd-shim-wasmtime-v1' },
    };
    expect(parse({ runtimes })).toEqual({
      crun: { path: '/usr/bin/crun', arguments: [] },
      plain: { path: 'runc', arguments: [] },
      kata: { shim: 'io.containerd.kata.v2' },
      wasm: { shim: '/usr/local/bin/containerd-shim-wasmtime-v1' },
    });
  });

  it.each([
    ['another member', { runtime: {} }, '/r.json: there is no member "runtime"'],
    ['a list', { runtimes: [] }, '/r.json: runtimes: an object was expected, name to runtime'],
    ['a text', { runtimes: { a: '/usr/bin/a' } }, '/r.json: runtimes.a: an object was expected'],
    ['no path', { runtimes: { a: {} } }, '/r.json: runtimes.a.path: a text was expected'],
    [
      'arguments in a text',
      { runtimes: { a: { path: '/a', runtimeArgs: '--debug' } } },
      '/r.json: runtimes.a.runtimeArgs: a list of texts was expected',
    ],
    [
      'a misspelled member',
      { runtimes: { a: { path: '/a', runtimeArg: [] } } },
      '/r.json: runtimes.a: there is no member "runtimeArg"',
    ],
  ])('refuses %s', (_, file, message) => {
    expect(() => parse(file)).toThrow(expect.objectContaining({ code: 'malformed-runtimes', message }));
  });

  it('names the nearest member, and what is no JSON', () => {
    expect(() => parse({ runtimes: { a: { path: '/a', runtimeArg: [] } } })).toThrow(
      expect.objectContaining({ hints: ['did you mean "runtimeArgs"?'] }),
    );
    expect(() => parseRuntimesFile('{', '/r.json')).toThrow(/^\/r\.json is not JSON: /);
  });
});

describe("Docker's daemon.json", () => {
  it('counts for its runtimes alone: what its default is, is of no account', () => {
    const file = { 'default-runtime': 'nvidia', 'log-level': 'warn', runtimes: { nvidia: { path: 'n' } } };
    expect(parseDaemonRuntimes(JSON.stringify(file), '/d.json')).toEqual({
      nvidia: { path: 'n', arguments: [] },
    });
  });
});
