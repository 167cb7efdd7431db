// Compiles verdicts to a classic BPF program for seccomp(2). Few instructions are executed for any call: the
// architecture is looked at first, then ranges of equal verdicts are searched by halves.

import {
  AND,
  compileTests,
  type Instruction,
  JUMP_EQUAL,
  JUMP_GREATER,
  JUMP_GREATER_OR_EQUAL,
  LOAD_WORD,
  OFFSET_ARGUMENTS,
} from './argument-tests.ts';
import type { ArgumentTest } from './default-profile.ts';
import type { ProfileVerdict } from './profile-verdicts.ts';
import type { SyscallArchitecture } from './syscall-numbers.ts';
import { EPERM, UNKNOWN, type Verdict } from './verdicts.ts';

// linux/bpf_common.h, linux/seccomp.h
const JUMP = 0x05;
const RETURN = 0x06;
const RET_ALLOW = 0x7fff_0000;
const RET_ERRNO = 0x0005_0000;
const LONGEST_SHORT_JUMP = 255;
const MOST_INSTRUCTIONS = 4096;

// struct seccomp_data
const OFFSET_NUMBER = 0;
const OFFSET_ARCHITECTURE = 4;

/** linux/audit.h */
const AUDIT_ARCHITECTURES: Readonly<Record<SyscallArchitecture, number>> = {
  x86_64: 0xc000_003e,
  i386: 0x4000_0003,
  aarch64: 0xc000_00b7,
};

/** x32 programs run under the number of x86_64 with this bit set. */
const X32_BIT = 0x4000_0000;

/** Of the default profile, or of one that the user gives. */
export type AnyVerdict = Verdict | ProfileVerdict;

/** A run of numbers from `first` up to the next range's, with one verdict. */
interface Range {
  readonly first: number;
  readonly verdict: AnyVerdict;
}

export interface ArchitectureVerdicts {
  readonly architecture: SyscallArchitecture;
  readonly verdicts: ReadonlyMap<number, AnyVerdict>;
}

/** struct sock_filter[] in little-endian order. A call of an architecture that is not given fails with ENOSYS. */
export function compileFilter(architectures: readonly ArchitectureVerdicts[]): Uint8Array {
  const program: Instruction[] = [{ code: LOAD_WORD, k: OFFSET_ARCHITECTURE }];
  for (const { architecture, verdicts } of architectures) {
    const body = [{ code: LOAD_WORD, k: OFFSET_NUMBER }, ...search(findRanges(verdicts, architecture))];
    program.push(
      { code: JUMP_EQUAL, k: AUDIT_ARCHITECTURES[architecture], jt: 1, jf: 0 },
      { code: JUMP, k: body.length },
      ...body,
    );
  }
  program.push(...decide(UNKNOWN));
  if (program.length > MOST_INSTRUCTIONS) throw new RangeError(`${program.length} instructions`);
  return encode(program);
}

/** Numbers between known calls, and beyond them, are calls that the profile cannot know: ENOSYS. */
function findRanges(verdicts: ReadonlyMap<number, AnyVerdict>, architecture: SyscallArchitecture): Range[] {
  const last = Math.max(...verdicts.keys());
  const ranges: Range[] = [];
  for (let number = 0; number <= last + 1; number++) {
    const verdict = verdicts.get(number) ?? UNKNOWN;
    if (ranges.at(-1)?.verdict !== verdict) ranges.push({ first: number, verdict });
  }
  if (architecture === 'x86_64') ranges.push({ first: X32_BIT, verdict: UNKNOWN });
  return ranges;
}

function search(ranges: readonly Range[]): Instruction[] {
  const [only, ...others] = ranges;
  if (only && others.length === 0) return decide(only.verdict);
  const middle = ranges.length >> 1;
  const below = search(ranges.slice(0, middle));
  const above = search(ranges.slice(middle));
  const first = ranges[middle]?.first ?? 0;
  if (below.length <= LONGEST_SHORT_JUMP) {
    return [{ code: JUMP_GREATER_OR_EQUAL, k: first, jt: below.length, jf: 0 }, ...below, ...above];
  }
  return [
    { code: JUMP_GREATER_OR_EQUAL, k: first, jt: 0, jf: 1 },
    { code: JUMP, k: below.length },
    ...below,
    ...above,
  ];
}

function answer(verdict: 'allow' | { readonly errno: number }): Instruction {
  return { code: RETURN, k: verdict === 'allow' ? RET_ALLOW : RET_ERRNO | verdict.errno };
}

/** Each test jumps to "allow" at the end if it holds, and falls through to the next, at last to EPERM. */
function decide(verdict: AnyVerdict): Instruction[] {
  if (typeof verdict === 'object' && 'cases' in verdict) return decideByCases(verdict);
  if (verdict === 'allow' || 'errno' in verdict) return [answer(verdict)];
  const code: Instruction[] = [answer({ errno: EPERM }), answer('allow')];
  for (const test of [...verdict.tests].reverse()) {
    // All of `code` but its last instruction, "allow", lies between the test and it.
    code.unshift(...formatTest(test, code.length - 1));
  }
  return code;
}

/** Each case jumps over its own end to the next if a test fails. */
function decideByCases({ cases, otherwise }: ProfileVerdict): Instruction[] {
  return [
    ...cases.flatMap(({ tests, action }) => [...compileTests(tests), { code: RETURN, k: action }]),
    { code: RETURN, k: otherwise },
  ];
}

/**
 * Skips `distance` instructions if the test holds. Only the lower half of an argument is looked at: those that the
 * profile tests are `int`, or flags below bit 32, and the kernel drops the upper half. A test that looked at it could
 * be passed by setting it.
 */
function formatTest({ index, op, value }: ArgumentTest, distance: number): Instruction[] {
  const load = { code: LOAD_WORD, k: OFFSET_ARGUMENTS + 8 * index };
  switch (op) {
    case 'eq':
      return [load, { code: JUMP_EQUAL, k: value, jt: distance, jf: 0 }];
    case 'gt':
      return [load, { code: JUMP_GREATER, k: value, jt: distance, jf: 0 }];
    case 'lt':
      return [load, { code: JUMP_GREATER_OR_EQUAL, k: value, jt: 0, jf: distance }];
    case 'no-bits':
      return [load, { code: AND, k: value }, { code: JUMP_EQUAL, k: 0, jt: distance, jf: 0 }];
  }
}

function encode(program: readonly Instruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(program.length * 8));
  for (const [i, { code, jt = 0, jf = 0, k }] of program.entries()) {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, jt);
    view.setUint8(i * 8 + 3, jf);
    view.setUint32(i * 8 + 4, k, true);
  }
  return new Uint8Array(view.buffer);
}
