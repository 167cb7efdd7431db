import { describe, expect, it } from 'vitest';
import { resolveCapabilities } from '../../../../src/runtime/capabilities.ts';
import { computeSeccomp } from '../../../../src/runtime/seccomp/seccomp.ts';
import { syscallNumbers } from '../../../../src/runtime/seccomp/syscall-numbers.ts';
import { resolveVerdicts, selectRules } from '../../../../src/runtime/seccomp/verdicts.ts';
import { interpret, type SyscallData } from './interpreter.ts';

const ARCHITECTURES = { x86_64: 0xc000003e, i386: 0x40000003, aarch64: 0xc00000b7, arm: 0x40000028 };
const X32_BIT = 0x40000000;
const EPERM = 1;
const ENOSYS = 38;

const program = (capabilities: readonly string[], host: 'x86_64' | 'aarch64' = 'x86_64') =>
  new Uint8Array(Buffer.from(computeSeccomp(capabilities, host).filter, 'base64'));
const defaults = resolveCapabilities({});
const everything = resolveCapabilities({ cap_add: ['ALL'] });

/** `allow`, or the errno. */
function ask(
  filter: Uint8Array,
  name: string,
  values: readonly bigint[] = [],
  on: 'x86_64' | 'i386' | 'aarch64' = 'x86_64',
) {
  const number = syscallNumbers(on).get(name);
  if (number === undefined) throw new Error(`${on} has no ${name}`);
  return decide(filter, { number, architecture: ARCHITECTURES[on], arguments: values });
}

function decide(filter: Uint8Array, data: SyscallData) {
  const { action, errno } = interpret(filter, data);
  return action === 'allow' ? 'allow' : errno;
}

describe('the default filter', () => {
  const filter = program(defaults);

  it('allows what programs need', () => {
    for (const name of [
      'read',
      'openat',
      'execve',
      'mmap',
      'futex',
      'epoll_wait',
      'ptrace',
      'chroot',
      'arch_prctl',
    ]) {
      expect(ask(filter, name), name).toBe('allow');
    }
  });

  it('refuses what reaches out of a container', () => {
    const refused = [
      'mount',
      'umount2',
      'unshare',
      'setns',
      'bpf',
      'keyctl',
      'add_key',
      'io_uring_setup',
      'userfaultfd',
    ];
    for (const name of [
      ...refused,
      'kexec_load',
      'init_module',
      'open_by_handle_at',
      'reboot',
      'pivot_root',
      'swapon',
    ]) {
      expect(ask(filter, name), name).toBe(EPERM);
    }
  });

  it('looks at the kind of socket, whatever the upper half of the argument holds', () => {
    const [AF_INET, AF_UNIX, AF_ALG, AF_NFC, AF_VSOCK, AF_XDP] = [2n, 1n, 38n, 39n, 40n, 44n];
    for (const family of [AF_INET, AF_UNIX, AF_NFC, AF_XDP])
      expect(ask(filter, 'socket', [family])).toBe('allow');
    for (const family of [AF_ALG, AF_VSOCK, AF_ALG | (1n << 32n), AF_VSOCK | (7n << 40n)]) {
      expect(ask(filter, 'socket', [family])).toBe(EPERM);
    }
  });

  it('lets clone make processes and threads, not namespaces, and hides clone3', () => {
    expect(ask(filter, 'clone', [0x3d0f00n])).toBe('allow');
    for (const flag of [
      0x20000n,
      0x2000000n,
      0x4000000n,
      0x8000000n,
      0x10000000n,
      0x20000000n,
      0x40000000n,
    ]) {
      expect(ask(filter, 'clone', [flag | 17n]), flag.toString(16)).toBe(EPERM);
    }
    expect(ask(filter, 'clone3')).toBe(ENOSYS);
  });

  it('takes five personalities', () => {
    for (const persona of [0n, 8n, 0x20000n, 0x20008n, 0xffffffffn]) {
      expect(ask(filter, 'personality', [persona])).toBe('allow');
    }
    for (const persona of [1n, 0x40000n, 0x20009n]) expect(ask(filter, 'personality', [persona])).toBe(EPERM);
  });

  it('knows nothing of newer calls, of x32, and of other architectures', () => {
    const { x86_64, arm } = ARCHITECTURES;
    for (const number of [336, 423, 467, 500, 100_000]) {
      expect(decide(filter, { number, architecture: x86_64 }), String(number)).toBe(ENOSYS);
    }
    expect(decide(filter, { number: X32_BIT, architecture: x86_64 })).toBe(ENOSYS);
    expect(decide(filter, { number: X32_BIT | 1, architecture: x86_64 })).toBe(ENOSYS);
    expect(decide(filter, { number: 0, architecture: arm })).toBe(ENOSYS);
  });

  it('serves 32-bit programs by their own numbers', () => {
    expect(ask(filter, 'socketcall', [], 'i386')).toBe('allow');
    expect(ask(filter, 'clock_gettime64', [], 'i386')).toBe('allow');
    expect(ask(filter, 'socket', [38n], 'i386')).toBe(EPERM);
    expect(ask(filter, 'umount', [], 'i386')).toBe(EPERM);
    expect(ask(filter, 'mount', [], 'i386')).toBe(EPERM);
  });
});

describe('capabilities', () => {
  it.each([
    ['CAP_SYS_ADMIN', ['mount', 'unshare', 'setns', 'clone3', 'bpf']],
    ['CAP_SYS_TIME', ['settimeofday', 'clock_settime']],
    ['CAP_SYS_MODULE', ['init_module', 'finit_module', 'delete_module']],
    ['CAP_DAC_READ_SEARCH', ['open_by_handle_at']],
    ['CAP_SYS_NICE', ['mbind', 'set_mempolicy']],
    ['CAP_SYS_PTRACE', ['kcmp', 'pidfd_getfd']],
    ['CAP_BPF', ['bpf']],
    ['CAP_PERFMON', ['perf_event_open']],
    ['CAP_SYSLOG', ['syslog']],
  ])('%s opens %j', (capability, names) => {
    const without = program(defaults);
    const having = program([...defaults, capability]);
    for (const name of names) {
      expect(ask(without, name), name).not.toBe('allow');
      expect(ask(having, name), name).toBe('allow');
    }
  });

  it('without CAP_SYS_CHROOT there is no chroot', () => {
    const filter = program(resolveCapabilities({ cap_drop: ['SYS_CHROOT'] }));
    expect(ask(filter, 'chroot')).toBe(EPERM);
  });

  it('with CAP_SYS_ADMIN clone makes namespaces', () => {
    expect(ask(program(everything), 'clone', [0x10000000n])).toBe('allow');
  });
});

describe.each([
  ['x86_64', 'x86_64', defaults],
  ['x86_64', 'i386', defaults],
  ['x86_64', 'x86_64', everything],
  ['aarch64', 'aarch64', defaults],
] as const)('the program for %s hosts', (host, architecture, capabilities) => {
  it(`answers each ${architecture} call as its verdict says, in few steps`, () => {
    const filter = program(capabilities, host);
    const verdicts = resolveVerdicts(selectRules(capabilities), architecture);
    expect(verdicts.size).toBeGreaterThan(300);
    for (let number = 0; number < 600; number++) {
      const verdict = verdicts.get(number) ?? { errno: ENOSYS };
      const result = interpret(filter, {
        number,
        architecture: ARCHITECTURES[architecture],
        arguments: [0x7e020000n],
      });
      expect(result.steps, `call ${number}`).toBeLessThan(28);
      if (verdict === 'allow') expect(result.action, `call ${number}`).toBe('allow');
      else if ('errno' in verdict) expect(result.errno, `call ${number}`).toBe(verdict.errno);
      // 0x7e020000 is no family below AF_ALG, no personality, and has every namespace flag.
      else
        expect([result.action, result.errno]).toEqual(
          verdict.tests[0]?.op === 'lt' ? ['allow', 0] : ['errno', EPERM],
        );
    }
  });
});

describe('the syscall tables', () => {
  it('agree with well-known numbers', () => {
    const facts = {
      x86_64: {
        read: 0,
        execve: 59,
        uretprobe: 335,
        pidfd_send_signal: 424,
        clone3: 435,
        removexattrat: 466,
      },
      i386: { exit: 1, socketcall: 102, clone: 120, clock_gettime64: 403, clone3: 435 },
      aarch64: { io_setup: 0, openat: 56, read: 63, clone: 220, execve: 221, clone3: 435 },
    } as const;
    for (const [architecture, numbers] of Object.entries(facts)) {
      for (const [name, number] of Object.entries(numbers)) {
        expect(syscallNumbers(architecture as keyof typeof facts).get(name), `${architecture} ${name}`).toBe(
          number,
        );
      }
    }
  });
});

describe('the OCI list', () => {
  it('says the same in the words of the runtime configuration', () => {
    const { oci } = computeSeccomp(defaults, 'x86_64');
    expect(oci).toMatchObject({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: EPERM,
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
    });
    expect(oci.syscalls.find(({ names }) => names.includes('clone'))).toEqual({
      names: ['clone'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value: 0x7e020000, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
    });
    expect(oci.syscalls.find(({ names }) => names.includes('clone3'))).toEqual({
      names: ['clone3'],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: ENOSYS,
    });
  });
});
