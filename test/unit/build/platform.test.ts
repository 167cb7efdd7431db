// Which programs run on a machine: what binfmt_misc says, what the processor can.

import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findHandler, isStatic, parseHandler } from '../../../src/build/platform/emulator.ts';
import { addLevel } from '../../../src/build/platform/host-level.ts';
import { Machine } from '../../../src/build/platform/machine.ts';
import { formatPrefix, listPlatforms } from '../../../src/build/platform/wanted.ts';
import { formatPlatform, parsePlatform } from '../../../src/image/platform.ts';

const platform = parsePlatform;

/** As Debian's package registers it, and the kernel shows it. */
const formatAarch64 = (flags: string, interpreter = '/usr/bin/qemu-aarch64-static') => `enabled
interpreter ${interpreter}
flags: ${flags}
offset 0
magic 7f454c460201010000000000000000000200b700
mask ffffffffffffff00fffffffffffffffffeffffff
`;
const s390x = `enabled
interpreter /usr/bin/qemu-s390x-static
flags: OCF
offset 0
magic 7f454c4602020100000000000000000000020016
mask ffffffffffffff00fffffffffffffffffffeffff
`;
const handler = (text: string) => [parseHandler(text) ?? []].flat();

describe('a handler of binfmt_misc', () => {
  it('is found by how programs of a platform begin, whatever its name', () => {
    const handlers = [...handler(formatAarch64('OCF')), ...handler(s390x)];
    expect(findHandler(handlers, platform('linux/arm64'))?.interpreter).toBe('/usr/bin/qemu-aarch64-static');
    expect(findHandler(handlers, platform('linux/s390x'))?.interpreter).toBe('/usr/bin/qemu-s390x-static');
    for (const other of ['linux/arm/v7', 'linux/riscv64', 'linux/amd64', 'linux/unheard-of', 'windows/arm64'])
      expect(findHandler(handlers, platform(other)), other).toBeUndefined();
  });

  it('that works in every root goes before one that does not', () => {
    const handlers = [...handler(formatAarch64('OC')), ...handler(formatAarch64('POCF'))];
    expect(findHandler(handlers, platform('linux/arm64'))?.flags).toBe('POCF');
  });

  it('is none if it is turned off, or goes by the name of a file', () => {
    expect(parseHandler(formatAarch64('F').replace('enabled', 'disabled'))).toBeUndefined();
    expect(parseHandler('enabled\ninterpreter /usr/bin/wine\nflags: \nextension .exe\n')).toBeUndefined();
  });
});

describe('a machine', () => {
  let directory: string;
  const host = platform('linux/amd64');
  const ability = (name: string) => new Machine(directory, host).ability(platform(name));
  const register = (text: string) => writeFileSync(join(directory, 'qemu'), text);

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tcompose-binfmt-'));
    writeFileSync(join(directory, 'status'), 'enabled\n');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('runs its own programs, and no others by itself', () => {
    expect(ability('linux/amd64')).toEqual({ can: true });
    expect(ability('linux/386')).toEqual({ can: true });
    expect(ability('linux/arm64')).toMatchObject({
      can: false,
      why: expect.stringContaining('no emulator') as string,
      hints: ['install one: the packages qemu-user-static and binfmt-support'],
    });
  });

  it('says that handlers may be out of sight', () => {
    rmSync(join(directory, 'status'));
    expect(ability('linux/arm64')).toMatchObject({
      hints: [expect.any(String), expect.stringContaining('mount -t binfmt_misc') as string],
    });
  });

  it('runs what a handler with the flag F takes', () => {
    register(formatAarch64('OCF', '/nowhere'));
    expect(ability('linux/arm64')).toEqual({ can: true });
    writeFileSync(join(directory, 'status'), 'disabled\n');
    expect(ability('linux/arm64')).toMatchObject({ can: false });
  });

  it('shows a static emulator to the container where its handler lacks the flag', () => {
    const emulator = join(directory, 'bin/emulator');
    mkdirSync(join(directory, 'bin'));
    copyFileSync('/bin/busybox', emulator);
    register(formatAarch64('OC', emulator));
    rmSync(join(directory, 'bin/emulator'));
    expect(ability('linux/arm64')).toMatchObject({ can: false });
    copyFileSync('/bin/busybox', emulator);
    expect(ability('linux/arm64')).toEqual({ can: true, emulator: { source: emulator, target: emulator } });
  });

  it('refuses one that needs libraries of the host', () => {
    register(formatAarch64('OC', process.execPath));
    expect(ability('linux/arm64')).toMatchObject({
      can: false,
      why: expect.stringContaining('not registered with the flag F') as string,
    });
  });
});

describe('a program', () => {
  it('is static if it names no dynamic linker', () => {
    const elf = (segment: number, bits: 32 | 64, order: 'LE' | 'BE') => {
      const head = Buffer.alloc(256);
      head.set([0x7f, 0x45, 0x4c, 0x46, bits / 32, order === 'LE' ? 1 : 2]);
      const isWide = bits === 64;
      if (isWide) head[`writeBigUInt64${order}`](64n, 32);
      else head[`writeUInt32${order}`](64, 28);
      head[`writeUInt16${order}`](16, isWide ? 54 : 42);
      head[`writeUInt16${order}`](2, isWide ? 56 : 44);
      head[`writeUInt32${order}`](1, 64);
      head[`writeUInt32${order}`](segment, 80);
      return head;
    };
    for (const bits of [32, 64] as const) {
      for (const order of ['LE', 'BE'] as const) {
        expect(isStatic(elf(2, bits, order))).toBe(true);
        expect(isStatic(elf(3, bits, order))).toBe(false);
      }
    }
    expect(isStatic(Buffer.from('#!/bin/sh\n'))).toBe(false);
  });
});

describe('the level of a processor', () => {
  const level = (flags: string) => formatPlatform(addLevel(platform('linux/amd64'), `flags\t\t: ${flags}\n`));
  const second = 'cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3';
  const third = `${second} avx avx2 bmi1 bmi2 f16c fma abm movbe xsave`;

  it('is the highest of which it has all', () => {
    expect(level('fpu')).toBe('linux/amd64');
    expect(level(second)).toBe('linux/amd64/v2');
    expect(level(third.replace('movbe', ''))).toBe('linux/amd64/v2');
    expect(level(third)).toBe('linux/amd64/v3');
    expect(level(`${third} avx512f avx512bw avx512cd avx512dq avx512vl`)).toBe('linux/amd64/v4');
  });

  it('is none of other architectures', () => {
    expect(formatPlatform(addLevel(platform('linux/arm64'), 'flags : x'))).toBe('linux/arm64');
  });
});

describe('the platforms of a build', () => {
  it('are each one once, however they are written', () => {
    const list = (...texts: string[]) => listPlatforms(texts).map(formatPlatform);
    expect(list('linux/amd64,linux/arm64/v8', 'arm64')).toEqual(['linux/amd64', 'linux/arm64']);
    expect(() => list('linux/a/b/c')).toThrow('is not a platform');
  });

  it('stand before the titles of steps', () => {
    const prefix = (stage: string, target: string) => formatPrefix(platform(stage), platform(target));
    expect(prefix('linux/arm64', 'linux/arm64')).toBe('linux/arm64 ');
    expect(prefix('linux/amd64', 'linux/arm/v7')).toBe('linux/amd64->arm/v7 ');
  });
});
