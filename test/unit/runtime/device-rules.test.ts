import { describe, expect, it } from 'vitest';
import {
  compileDeviceFilter,
  DEFAULT_DEVICE_RULES,
  type DeviceRule,
  formatDeviceWrites,
} from '../../../src/runtime/device-rules.ts';

const READ = 2;
const WRITE = 4;
const MKNOD = 1;

/** What each instruction does to the register that it names; jumps give how many instructions they skip. */
const STEPS: Readonly<Record<number, (a: number, b: number, value: number) => number>> = {
  87: (a, _, value) => a & value,
  119: (a, _, value) => a >>> value,
  191: (_, b) => b,
  183: (_, __, value) => value,
};
const JUMPS: Readonly<Record<number, (a: number, b: number, value: number) => boolean>> = {
  85: (a, _, value) => a !== value,
  93: (a, b) => a !== b,
};

/** Runs the eBPF program on a struct bpf_cgroup_dev_ctx; jumps only go forward, so it ends. */
function interpret(
  program: Uint8Array,
  type: 'b' | 'c',
  access: number,
  ...device: [number, number]
): number {
  const code = new DataView(program.buffer);
  const context = [(access << 16) | (type === 'b' ? 1 : 2), ...device];
  const registers = new Array<number>(11).fill(0);
  for (let at = 0; code.getUint8(at * 8) !== 0x95; at++) {
    const opcode = code.getUint8(at * 8);
    const to = code.getUint8(at * 8 + 1) & 15;
    const offset = code.getInt16(at * 8 + 2, true);
    const operands = [
      registers[to],
      registers[code.getUint8(at * 8 + 1) >> 4],
      code.getInt32(at * 8 + 4, true),
    ];
    const [a = 0, b = 0, value = 0] = operands;
    const jump = JUMPS[opcode];
    if (jump) at += jump(a, b, value) ? offset : 0;
    else
      registers[to] =
        opcode === 0x61 ? (context[offset / 4] ?? 0) : (STEPS[opcode]?.(a, b, value) ?? Number.NaN);
  }
  return registers[0] ?? 0;
}

describe('compileDeviceFilter', () => {
  const filter = compileDeviceFilter(DEFAULT_DEVICE_RULES);
  const ask = (type: 'b' | 'c', access: number, major: number, minor: number) =>
    interpret(filter, type, access, major, minor) === 1;

  it('opens the devices that every container has', () => {
    for (const minor of [3, 5, 7, 8, 9]) expect(ask('c', READ | WRITE, 1, minor)).toBe(true);
    for (const minor of [0, 1, 2]) expect(ask('c', READ | WRITE, 5, minor)).toBe(true);
    expect(ask('c', READ | WRITE, 136, 77)).toBe(true);
  });

  it('opens neither memory, disks, nor what has a like number of another kind', () => {
    expect(ask('c', READ, 1, 1)).toBe(false);
    expect(ask('b', READ, 8, 0)).toBe(false);
    expect(ask('b', READ, 1, 3)).toBe(false);
    expect(ask('c', WRITE, 5, 3)).toBe(false);
    expect(ask('c', READ, 137, 0)).toBe(false);
  });

  it('lets any node be made, but not be made and opened', () => {
    expect(ask('b', MKNOD, 8, 0)).toBe(true);
    expect(ask('c', MKNOD, 10, 229)).toBe(true);
    expect(ask('b', MKNOD | READ, 8, 0)).toBe(false);
  });

  it('denies all without a rule, and allows parts of what a rule allows', () => {
    expect(interpret(compileDeviceFilter([]), 'c', READ, 1, 3)).toBe(0);
    const rule: DeviceRule = { type: 'b', major: 8, access: 'rw' };
    const only = compileDeviceFilter([rule]);
    expect(interpret(only, 'b', READ, 8, 5)).toBe(1);
    expect(interpret(only, 'b', READ | WRITE, 8, 5)).toBe(1);
    expect(interpret(only, 'b', MKNOD, 8, 5)).toBe(0);
  });
});

it('formatDeviceWrites denies first, then allows one by one', () => {
  const writes = formatDeviceWrites(
    [
      { type: 'c', major: 1, minor: 3, access: 'rwm' },
      { type: 'b', access: 'm' },
    ],
    '/c',
  );
  expect(writes.map(({ file, value }) => [file, value])).toEqual([
    ['/c/devices.deny', 'a'],
    ['/c/devices.allow', 'c 1:3 rwm'],
    ['/c/devices.allow', 'b *:* m'],
  ]);
});
