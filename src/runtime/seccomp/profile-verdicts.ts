// What a profile means for one container on one host, by system call number.

import type { OciSeccomp } from '../oci-config.ts';
import type { Condition, KernelAction, ProfileRule, ProfileTest, SeccompProfile } from './profile.ts';
import { type SyscallArchitecture, syscallNumbers } from './syscall-numbers.ts';

export interface ProfileCase {
  /** All must hold. */
  readonly tests: readonly ProfileTest[];
  readonly action: KernelAction;
}

/** The first case whose tests hold decides. Equal verdicts without cases are one object. */
export interface ProfileVerdict {
  readonly cases: readonly ProfileCase[];
  readonly otherwise: KernelAction;
}

export interface ProfileSubject {
  readonly capabilities: readonly string[];
  readonly architecture: 'x86_64' | 'aarch64';
  /** `6.1.0-13-amd64` */
  readonly kernel: string;
}

const GO_NAMES = { x86_64: 'amd64', aarch64: 'arm64' };

/** Rules that count for this container. As moby's profiles/seccomp/seccomp_linux.go selects them. */
export function selectProfileRules(profile: SeccompProfile, subject: ProfileSubject): readonly ProfileRule[] {
  const held = new Set(subject.capabilities);
  const names = [GO_NAMES[subject.architecture], subject.architecture];
  const isHere = ({ architectures }: Condition) => architectures.some((name) => names.includes(name));
  return profile.rules.filter(
    ({ includes, excludes }) =>
      (includes.architectures.length === 0 || isHere(includes)) &&
      !isHere(excludes) &&
      includes.capabilities.every((name) => held.has(name)) &&
      !excludes.capabilities.some((name) => held.has(name)) &&
      (includes.minKernel === undefined || compareKernels(subject.kernel, includes.minKernel) >= 0) &&
      (excludes.minKernel === undefined || compareKernels(subject.kernel, excludes.minKernel) < 0),
  );
}

/** `6.1.0-13-amd64` to `4.8`: by the first two numbers. */
function compareKernels(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map((part) => Number.parseInt(part, 10));
  const [majorB = 0, minorB = 0] = b.split('.').map((part) => Number.parseInt(part, 10));
  return majorA - majorB || minorA - minorB;
}

/**
 * As libseccomp joins rules: one without tests, wherever it stands, puts all others of its call out of force, and of
 * several of these the first counts.
 */
export function resolveProfileVerdicts(
  rules: readonly ProfileRule[],
  defaultAction: KernelAction,
  architecture: SyscallArchitecture,
): ReadonlyMap<number, ProfileVerdict> {
  const numbers = syscallNumbers(architecture);
  const plain = new Map<KernelAction, ProfileVerdict>();
  const always = (action: KernelAction): ProfileVerdict => {
    const verdict = plain.get(action) ?? { cases: [], otherwise: action };
    plain.set(action, verdict);
    return verdict;
  };
  const settled = new Set<number>();
  const verdicts = new Map<number, ProfileVerdict>();
  for (const number of numbers.values()) verdicts.set(number, always(defaultAction));
  for (const { names, action, tests } of rules) {
    for (const name of names) {
      const number = numbers.get(name);
      if (number === undefined || settled.has(number)) continue;
      const cases = verdicts.get(number)?.cases ?? [];
      if (tests.length === 0) settled.add(number);
      verdicts.set(
        number,
        tests.length === 0
          ? always(action)
          : { cases: [...cases, { tests, action }], otherwise: defaultAction },
      );
    }
  }
  return verdicts;
}

const ACTION_NAMES: Readonly<Record<number, string>> = {
  [0x7fff_0000]: 'SCMP_ACT_ALLOW',
  [0x7ffc_0000]: 'SCMP_ACT_LOG',
  [0x7ff0_0000]: 'SCMP_ACT_TRACE',
  [0x0003_0000]: 'SCMP_ACT_TRAP',
  [0x0005_0000]: 'SCMP_ACT_ERRNO',
  [0]: 'SCMP_ACT_KILL_THREAD',
  [0x8000_0000]: 'SCMP_ACT_KILL_PROCESS',
};

const COMPARISON_NAMES = {
  eq: 'SCMP_CMP_EQ',
  ne: 'SCMP_CMP_NE',
  lt: 'SCMP_CMP_LT',
  le: 'SCMP_CMP_LE',
  gt: 'SCMP_CMP_GT',
  ge: 'SCMP_CMP_GE',
  'masked-eq': 'SCMP_CMP_MASKED_EQ',
};

const WITH_ERRNO = new Set(['SCMP_ACT_ERRNO', 'SCMP_ACT_TRACE']);

function formatAction(action: KernelAction): { readonly action: string; readonly errnoRet?: number } {
  const name = ACTION_NAMES[(action & 0xffff_0000) >>> 0] ?? 'SCMP_ACT_KILL_PROCESS';
  return { action: name, ...(WITH_ERRNO.has(name) && { errnoRet: action & 0xffff }) };
}

/** The selected rules in the words of the OCI runtime configuration, for other runtimes. */
export function formatProfile(
  profile: SeccompProfile,
  rules: readonly ProfileRule[],
  architectures: readonly string[],
): OciSeccomp {
  const { action, errnoRet } = formatAction(profile.defaultAction);
  return {
    defaultAction: action,
    ...(errnoRet !== undefined && { defaultErrnoRet: errnoRet }),
    architectures,
    syscalls: rules.map(({ names, tests, ...rule }) => ({
      names,
      ...formatAction(rule.action),
      ...(tests.length > 0 && { args: tests.map(formatTest) }),
    })),
  };
}

function formatTest({ index, op, value, mask }: ProfileTest) {
  const first = Number(mask ?? value);
  return {
    index,
    value: first,
    ...(mask !== undefined && { valueTwo: Number(value) }),
    op: COMPARISON_NAMES[op],
  };
}
