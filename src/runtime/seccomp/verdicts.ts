// What the profile means for one container: the rules that its capabilities select, the verdict on each system call
// number, and the same rules in the words of the OCI runtime configuration.

import type { OciSeccomp } from '../oci-config.ts';
import { type ArgumentTest, DEFAULT_PROFILE, type SyscallRule } from './default-profile.ts';
import { type SyscallArchitecture, syscallNumbers } from './syscall-numbers.ts';

export const EPERM = 1;
export const ENOSYS = 38;

/** `tests`: allowed if any holds, else EPERM. Equal verdicts without tests are one object. */
export type Verdict = 'allow' | { readonly errno: number } | { readonly tests: readonly ArgumentTest[] };

/** For a call that the profile does not allow. */
const REFUSED: Verdict = { errno: EPERM };
/** For a call that the profile does not know, or pretends not to know. */
export const UNKNOWN: Verdict = { errno: ENOSYS };

export function selectRules(capabilities: readonly string[]): readonly SyscallRule[] {
  const held = new Set(capabilities);
  return DEFAULT_PROFILE.filter(
    (rule) => (!rule.having || held.has(rule.having)) && (!rule.lacking || !held.has(rule.lacking)),
  );
}

/** By number, for every call of the architecture. */
export function resolveVerdicts(
  rules: readonly SyscallRule[],
  architecture: SyscallArchitecture,
): ReadonlyMap<number, Verdict> {
  const numbers = syscallNumbers(architecture);
  const verdicts = new Map<number, Verdict>();
  for (const number of numbers.values()) verdicts.set(number, REFUSED);
  for (const rule of rules) {
    for (const name of splitNames(rule.names)) {
      const number = numbers.get(name);
      if (number !== undefined) verdicts.set(number, combine(verdicts.get(number), rule));
    }
  }
  return verdicts;
}

function combine(before: Verdict | undefined, rule: SyscallRule): Verdict {
  if (before === 'allow') return 'allow';
  if (rule.errno) return UNKNOWN;
  if (!rule.argument) return 'allow';
  const tests = before && 'tests' in before ? before.tests : [];
  return { tests: [...tests, rule.argument] };
}

function splitNames(names: string): string[] {
  return names.trim().split(/\s+/);
}

const OCI_ARCHITECTURES = {
  x86_64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
  aarch64: ['SCMP_ARCH_AARCH64'],
};

const OCI_OPERATORS = { lt: 'SCMP_CMP_LT', eq: 'SCMP_CMP_EQ', gt: 'SCMP_CMP_GT' };

export function formatOciSeccomp(
  rules: readonly SyscallRule[],
  architecture: 'x86_64' | 'aarch64',
): OciSeccomp {
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: EPERM,
    architectures: OCI_ARCHITECTURES[architecture],
    syscalls: rules.map((rule) => ({
      names: splitNames(rule.names),
      action: rule.errno ? 'SCMP_ACT_ERRNO' : 'SCMP_ACT_ALLOW',
      ...(rule.errno && { errnoRet: ENOSYS }),
      ...(rule.argument && { args: [formatOciArgument(rule.argument)] }),
    })),
  };
}

function formatOciArgument({ index, op, value }: ArgumentTest) {
  if (op === 'no-bits') return { index, value, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' };
  return { index, value, op: OCI_OPERATORS[op] };
}
