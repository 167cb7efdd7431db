// Which devices a container may use, as cgroup v1 writes and as the eBPF program that does the same on v2. Nodes alone
// give no access: an image, a volume or mknod may bring any.

import type { CgroupWrite } from './monitor-spec.ts';

export interface DeviceRule {
  readonly type: 'c' | 'b';
  /** Undefined: any. */
  readonly major?: number;
  readonly minor?: number;
  /** Of `r`ead, `w`rite, `m`knod. */
  readonly access: string;
}

const character = (major: number, minor?: number): DeviceRule => ({ type: 'c', major, minor, access: 'rwm' });

/**
 * Docker's: any node may be made, these may be opened. Sources: moby, daemon/pkg/oci/defaults.go; opencontainers/runc,
 * libcontainer/specconv.
 */
export const DEFAULT_DEVICE_RULES: readonly DeviceRule[] = [
  { type: 'c', access: 'm' },
  { type: 'b', access: 'm' },
  // null, zero, full, random, urandom
  ...[3, 5, 7, 8, 9].map((minor) => character(1, minor)),
  // tty, console, ptmx, and the terminals of /dev/pts
  ...[0, 1, 2].map((minor) => character(5, minor)),
  character(136),
  // net/tun, for those who make its node: what it can do without NET_ADMIN is of no use.
  character(10, 200),
];

/** Everything is denied first; the kernel takes one rule a write. */
export function formatDeviceWrites(rules: readonly DeviceRule[], directory: string): readonly CgroupWrite[] {
  const write = (file: string, value: string): CgroupWrite => ({
    file: `${directory}/${file}`,
    value,
    setting: 'devices',
    required: true,
  });
  return [
    write('devices.deny', 'a'),
    ...rules.map(({ type, major, minor, access }) =>
      write('devices.allow', `${type} ${major ?? '*'}:${minor ?? '*'} ${access}`),
    ),
  ];
}

// linux/bpf.h: struct bpf_insn, BPF_CGROUP_DEVICE and its context.
const LOAD_WORD = 0x61;
const AND = 0x57;
const SHIFT_RIGHT = 0x77;
const MOVE = 0xbf;
const MOVE_CONSTANT = 0xb7;
const JUMP_NOT_EQUAL = 0x55;
const JUMP_NOT_EQUAL_REGISTER = 0x5d;
const EXIT = 0x95;
const [R0, CONTEXT, TYPE, ACCESS, MAJOR, MINOR] = [0, 1, 2, 3, 4, 5];
const TYPES = { b: 1, c: 2 };
const ACCESSES: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };

interface Instruction {
  readonly code: number;
  readonly to: number;
  readonly from?: number;
  /** Instructions to skip, or offset into the context. */
  readonly offset?: number;
  readonly value?: number;
}

/** struct bpf_insn[] of type BPF_PROG_TYPE_CGROUP_DEVICE: 1 for what a rule allows, else 0. */
export function compileDeviceFilter(rules: readonly DeviceRule[]): Uint8Array {
  const program: Instruction[] = [
    // access_type: kind of device in the lower half, access in the upper.
    { code: LOAD_WORD, to: TYPE, from: CONTEXT, offset: 0 },
    { code: MOVE, to: ACCESS, from: TYPE },
    { code: AND, to: TYPE, value: 0xffff },
    { code: SHIFT_RIGHT, to: ACCESS, value: 16 },
    { code: LOAD_WORD, to: MAJOR, from: CONTEXT, offset: 4 },
    { code: LOAD_WORD, to: MINOR, from: CONTEXT, offset: 8 },
    ...rules.flatMap(compileRule),
    { code: MOVE_CONSTANT, to: R0, value: 0 },
    { code: EXIT, to: R0 },
  ];
  return encode(program);
}

/** Tests that each jump over the rest of the rule if they fail. */
function compileRule({ type, major, minor, access }: DeviceRule): Instruction[] {
  const allowed = [...access].reduce((mask, letter) => mask | (ACCESSES[letter] ?? 0), 0);
  const tests: Instruction[] = [
    { code: JUMP_NOT_EQUAL, to: TYPE, value: TYPES[type] },
    // What is asked must be a part of what is allowed.
    { code: MOVE, to: CONTEXT, from: ACCESS },
    { code: AND, to: CONTEXT, value: allowed },
    { code: JUMP_NOT_EQUAL_REGISTER, to: CONTEXT, from: ACCESS },
    ...(major === undefined ? [] : [{ code: JUMP_NOT_EQUAL, to: MAJOR, value: major }]),
    ...(minor === undefined ? [] : [{ code: JUMP_NOT_EQUAL, to: MINOR, value: minor }]),
    { code: MOVE_CONSTANT, to: R0, value: 1 },
    { code: EXIT, to: R0 },
  ];
  const isJump = ({ code }: Instruction) => code === JUMP_NOT_EQUAL || code === JUMP_NOT_EQUAL_REGISTER;
  return tests.map((each, index) => (isJump(each) ? { ...each, offset: tests.length - index - 1 } : each));
}

function encode(program: readonly Instruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(program.length * 8));
  for (const [i, { code, to, from = 0, offset = 0, value = 0 }] of program.entries()) {
    view.setUint8(i * 8, code);
    view.setUint8(i * 8 + 1, (from << 4) | to);
    view.setInt16(i * 8 + 2, offset, true);
    view.setInt32(i * 8 + 4, value, true);
  }
  return new Uint8Array(view.buffer);
}
