import { describe, expect, it } from 'vitest';
import { parseProfile } from '../../../../src/runtime/seccomp/profile.ts';
import { computeProfileSeccomp } from '../../../../src/runtime/seccomp/seccomp.ts';
import { syscallNumbers } from '../../../../src/runtime/seccomp/syscall-numbers.ts';
import { interpret } from './interpreter.ts';

const X86_64 = 0xc000003e;
const I386 = 0x40000003;

const subject = { capabilities: ['CAP_CHOWN'], architecture: 'x86_64' as const, kernel: '6.1.0-13-amd64' };

const compile = (profile: unknown, change: Partial<typeof subject> = {}) =>
  computeProfileSeccomp(typeof profile === 'string' ? profile : JSON.stringify(profile), {
    ...subject,
    ...change,
  });

/** `allow`, `kill`, ... or `errno N`. */
function ask(
  profile: unknown,
  name: string | number,
  values: readonly bigint[] = [],
  change: Partial<typeof subject> = {},
  on: 'x86_64' | 'i386' = 'x86_64',
): string {
  const number = typeof name === 'number' ? name : (syscallNumbers(on).get(name) ?? -1);
  const program = new Uint8Array(Buffer.from(compile(profile, change).filter, 'base64'));
  const architecture = on === 'i386' ? I386 : X86_64;
  const { action, errno } = interpret(program, { number, architecture, arguments: values });
  return action === 'errno' || action === 'trace' ? `${action} ${errno}` : action;
}

const denying = (...syscalls: object[]) => ({ defaultAction: 'SCMP_ACT_ERRNO', syscalls });
const allow = (names: string[], more: object = {}) => ({ names, action: 'SCMP_ACT_ALLOW', ...more });

describe('a profile', () => {
  it('answers what it does not name by its default', () => {
    expect(ask(denying(allow(['read'])), 'read')).toBe('allow');
    expect(ask(denying(allow(['read'])), 'write')).toBe('errno 1');
    const other = { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 13, syscalls: [] };
    expect(ask(other, 'write')).toBe('errno 13');
    expect(ask({ defaultAction: 'SCMP_ACT_KILL_PROCESS' }, 'write')).toBe('kill-process');
  });

  it.each([
    ['SCMP_ACT_KILL', 'kill'],
    ['SCMP_ACT_KILL_THREAD', 'kill'],
    ['SCMP_ACT_KILL_PROCESS', 'kill-process'],
    ['SCMP_ACT_TRAP', 'trap'],
    ['SCMP_ACT_LOG', 'log'],
    ['SCMP_ACT_ERRNO', 'errno 7'],
    ['SCMP_ACT_TRACE', 'trace 7'],
  ])('has the action %s', (action, answer) => {
    const profile = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ name: 'mkdir', action, errnoRet: 7 }] };
    expect(ask(profile, 'mkdir')).toBe(answer);
    expect(ask(profile, 'rmdir')).toBe('allow');
  });

  it('answers ENOSYS for calls that are newer than the table, whatever its default', () => {
    expect(ask({ defaultAction: 'SCMP_ACT_ALLOW' }, 9999)).toBe('errno 38');
    expect(ask(denying(), 9999)).toBe('errno 38');
  });

  it('covers 32-bit programs only if it names their architecture', () => {
    const profile = denying(allow(['read']));
    expect(ask(profile, 'read', [], {}, 'i386')).toBe('errno 38');
    const archMap = [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }];
    expect(ask({ ...profile, archMap }, 'read', [], {}, 'i386')).toBe('allow');
    expect(ask({ ...profile, architectures: ['SCMP_ARCH_X86'] }, 'write', [], {}, 'i386')).toBe('errno 1');
  });

  it('has rules for capabilities, architectures and kernels', () => {
    const rule = (condition: object) => denying(allow(['mount'], condition));
    expect(ask(rule({ includes: { caps: ['CAP_CHOWN'] } }), 'mount')).toBe('allow');
    expect(ask(rule({ includes: { caps: ['CAP_CHOWN', 'CAP_KILL'] } }), 'mount')).toBe('errno 1');
    expect(ask(rule({ excludes: { caps: ['CAP_CHOWN'] } }), 'mount')).toBe('errno 1');
    expect(ask(rule({ includes: { arches: ['amd64', 'x32'] } }), 'mount')).toBe('allow');
    expect(ask(rule({ includes: { arches: ['arm64'] } }), 'mount')).toBe('errno 1');
    expect(ask(rule({ excludes: { arches: ['amd64'] } }), 'mount')).toBe('errno 1');
    expect(ask(rule({ includes: { minKernel: '4.8' } }), 'mount')).toBe('allow');
    expect(ask(rule({ includes: { minKernel: '6.2' } }), 'mount')).toBe('errno 1');
    expect(ask(rule({ includes: { minKernel: '4.8' } }), 'mount', [], { kernel: '4.4.0' })).toBe('errno 1');
  });

  it('takes all tests of a rule together, and several of one argument as alternatives', () => {
    const test = (index: number, value: number) => ({ index, value, op: 'SCMP_CMP_EQ' });
    const both = denying(allow(['socket'], { args: [test(0, 1), test(1, 2)] }));
    expect(ask(both, 'socket', [1n, 2n])).toBe('allow');
    expect(ask(both, 'socket', [1n, 3n])).toBe('errno 1');
    const either = denying(allow(['socket'], { args: [test(0, 1), test(0, 2)] }));
    expect(['allow', 'allow', 'errno 1']).toEqual(
      [1n, 2n, 3n].map((value) => ask(either, 'socket', [value])),
    );
  });

  it('lets a rule without tests win over those with tests, wherever it stands', () => {
    const tested = { ...allow(['kill']), args: [{ index: 1, value: 9, op: 'SCMP_CMP_EQ' }] };
    const plain = { names: ['kill'], action: 'SCMP_ACT_ERRNO', errnoRet: 5 };
    expect(ask(denying(tested, plain), 'kill', [0n, 9n])).toBe('errno 5');
    expect(ask(denying(plain, tested), 'kill', [0n, 9n])).toBe('errno 5');
  });

  it('hands flags to the kernel', () => {
    expect(compile(denying()).flags).toBe(4);
    expect(compile({ ...denying(), flags: [] }).flags).toBe(0);
    expect(compile({ ...denying(), flags: ['SECCOMP_FILTER_FLAG_LOG'] }).flags).toBe(2);
  });

  it('says the same in the words of the runtime configuration', () => {
    const args = [{ index: 0, value: 255, valueTwo: 1, op: 'SCMP_CMP_MASKED_EQ' }];
    expect(
      compile(denying(allow(['clone'], { args }), { name: 'read', action: 'SCMP_ACT_LOG' })).oci,
    ).toEqual({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 1,
      architectures: ['SCMP_ARCH_X86_64'],
      syscalls: [
        { names: ['clone'], action: 'SCMP_ACT_ALLOW', args },
        { names: ['read'], action: 'SCMP_ACT_LOG' },
      ],
    });
  });
});

describe('comparisons of 64 bits', () => {
  const words = [
    0n,
    1n,
    0x7fff_ffffn,
    0x8000_0000n,
    0xffff_fffen,
    0xffff_ffffn,
    0x1_0000_0000n,
    0x1_0000_0001n,
    0x7fff_ffff_ffff_ffffn,
    0xffff_ffff_0000_0000n,
    0xffff_ffff_ffff_ffffn,
  ];
  const meaning: Record<string, (a: bigint, b: bigint) => boolean> = {
    SCMP_CMP_EQ: (a, b) => a === b,
    SCMP_CMP_NE: (a, b) => a !== b,
    SCMP_CMP_LT: (a, b) => a < b,
    SCMP_CMP_LE: (a, b) => a <= b,
    SCMP_CMP_GT: (a, b) => a > b,
    SCMP_CMP_GE: (a, b) => a >= b,
  };
  /** As text: JSON.stringify knows no bigint. */
  const profile = (op: string, value: bigint, more = '') =>
    `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"name":"lseek","action":"SCMP_ACT_ALLOW",
      "args":[{"index":1,"value":${value},"op":"${op}"${more}}]}]}`;

  it.each(Object.keys(meaning))('%s', (op) => {
    for (const value of words) {
      const text = profile(op, value);
      for (const given of words) {
        const expected = meaning[op]?.(given, value) ? 'allow' : 'errno 1';
        expect(ask(text, 'lseek', [0n, given]), `${given} ${op} ${value}`).toBe(expected);
      }
    }
  });

  it('SCMP_CMP_MASKED_EQ', () => {
    for (const mask of words) {
      for (const value of words) {
        const text = profile('SCMP_CMP_MASKED_EQ', mask, `,"valueTwo":${value}`);
        for (const given of words) {
          const expected = (given & mask) === value ? 'allow' : 'errno 1';
          expect(ask(text, 'lseek', [0n, given]), `${given} & ${mask} == ${value}`).toBe(expected);
        }
      }
    }
  });
});

describe('a profile is refused, and the place named, if', () => {
  it.each([
    ['it is no JSON', '{', 'it is not JSON'],
    ['it is no object', '[]', 'the profile is not an object'],
    ['it has no default', '{}', 'defaultAction is not an action'],
    ['it wants a listener', '{"defaultAction":"SCMP_ACT_NOTIFY"}', 'listener'],
    [
      'a rule has no action',
      '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"]}]}',
      'syscalls[0].action is not an action',
    ],
    [
      'a test has an unknown operator',
      '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"read","action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"op":"="}]}]}',
      'syscalls[0].args[0].op',
    ],
    [
      'a test has a seventh argument',
      '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"read","action":"SCMP_ACT_ALLOW","args":[{"index":6,"value":1,"op":"SCMP_CMP_EQ"}]}]}',
      'syscalls[0].args[0].index',
    ],
    [
      'a value is larger than a word',
      '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"read","action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":18446744073709551616,"op":"SCMP_CMP_EQ"}]}]}',
      'syscalls[0].args[0].value',
    ],
    ['it has an unknown flag', '{"defaultAction":"SCMP_ACT_ALLOW","flags":["X"]}', 'flags: X'],
  ])('%s', (_, text, message) => {
    expect(() => parseProfile(text)).toThrow(message);
  });
});
