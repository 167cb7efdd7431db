// Comparisons of whole 64-bit arguments in classic BPF, whose words have 32 bits.

import type { ProfileTest } from './profile.ts';

export interface Instruction {
  readonly code: number;
  readonly k: number;
  readonly jt?: number;
  readonly jf?: number;
}

// linux/bpf_common.h
export const LOAD_WORD = 0x20;
export const AND = 0x54;
export const JUMP_EQUAL = 0x15;
export const JUMP_GREATER = 0x25;
export const JUMP_GREATER_OR_EQUAL = 0x35;

/** struct seccomp_data: six arguments, the lower half of each first. */
export const OFFSET_ARGUMENTS = 16;

/** Where a jump goes: on to the next instruction, behind this test (it holds), or behind the whole case (it does not). */
type Exit = 'next' | 'holds' | 'fails';

interface Step {
  readonly code: number;
  readonly k: number;
  readonly ifTrue?: Exit;
  readonly ifFalse?: Exit;
}

/** Falls through if all tests hold; if one does not, skips the rest and one instruction more: the answer. */
export function compileTests(tests: readonly ProfileTest[]): readonly Instruction[] {
  const parts = tests.map(formatSteps);
  const total = parts.flat().length;
  let position = 0;
  return parts.flatMap((steps) => {
    const end = position + steps.length;
    return steps.map(({ code, k, ifTrue = 'next', ifFalse = 'next' }) => {
      position += 1;
      const here = position;
      const distance = (exit: Exit) =>
        exit === 'next' ? 0 : exit === 'holds' ? end - here : total + 1 - here;
      return { code, k, jt: distance(ifTrue), jf: distance(ifFalse) };
    });
  });
}

function formatSteps({ index, op, value, mask }: ProfileTest): Step[] {
  const low = { code: LOAD_WORD, k: OFFSET_ARGUMENTS + 8 * index };
  const high = { code: LOAD_WORD, k: OFFSET_ARGUMENTS + 8 * index + 4 };
  const upper = Number(value >> 32n);
  const lower = Number(value & 0xffff_ffffn);
  switch (op) {
    case 'eq':
      return [
        high,
        { code: JUMP_EQUAL, k: upper, ifFalse: 'fails' },
        low,
        { code: JUMP_EQUAL, k: lower, ifFalse: 'fails' },
      ];
    case 'ne':
      return [
        high,
        { code: JUMP_EQUAL, k: upper, ifFalse: 'holds' },
        low,
        { code: JUMP_EQUAL, k: lower, ifTrue: 'fails' },
      ];
    case 'masked-eq': {
      const bits = mask ?? 0n;
      return [
        high,
        { code: AND, k: Number(bits >> 32n) },
        { code: JUMP_EQUAL, k: upper, ifFalse: 'fails' },
        low,
        { code: AND, k: Number(bits & 0xffff_ffffn) },
        { code: JUMP_EQUAL, k: lower, ifFalse: 'fails' },
      ];
    }
    case 'gt':
    case 'ge': {
      const compare = op === 'gt' ? JUMP_GREATER : JUMP_GREATER_OR_EQUAL;
      return [
        high,
        { code: JUMP_GREATER, k: upper, ifTrue: 'holds' },
        { code: JUMP_EQUAL, k: upper, ifFalse: 'fails' },
        low,
        { code: compare, k: lower, ifFalse: 'fails' },
      ];
    }
    case 'lt':
    case 'le': {
      // Not greater or equal, not greater.
      const compare = op === 'lt' ? JUMP_GREATER_OR_EQUAL : JUMP_GREATER;
      return [
        high,
        { code: JUMP_GREATER, k: upper, ifTrue: 'fails' },
        { code: JUMP_EQUAL, k: upper, ifFalse: 'holds' },
        low,
        { code: compare, k: lower, ifTrue: 'fails' },
      ];
    }
  }
}
