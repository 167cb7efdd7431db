// A seccomp profile in Docker's JSON format (moby profiles/seccomp, runtime-spec config-linux.md), as text -> rules.

import { TcError } from '../../base/error.ts';

/** How libseccomp compares: `masked-eq` is `(argument & mask) == value`. */
export type Comparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'masked-eq';

export interface ProfileTest {
  readonly index: number;
  readonly op: Comparison;
  readonly value: bigint;
  /** Of `masked-eq`. */
  readonly mask?: bigint;
}

/** What the kernel answers: SECCOMP_RET_* with its data. */
export type KernelAction = number;

export interface ProfileRule {
  readonly names: readonly string[];
  readonly action: KernelAction;
  /** All must hold. */
  readonly tests: readonly ProfileTest[];
  readonly includes: Condition;
  readonly excludes: Condition;
}

/** When a rule counts at all. */
export interface Condition {
  readonly capabilities: readonly string[];
  /** As Go names them: `amd64`, `arm64`. */
  readonly architectures: readonly string[];
  /** `4.8` */
  readonly minKernel?: string;
}

export interface SeccompProfile {
  readonly defaultAction: KernelAction;
  /** `SCMP_ARCH_X86`, ...; empty: the host's and what runs on it. */
  readonly architectures: readonly string[];
  readonly rules: readonly ProfileRule[];
  /** SECCOMP_FILTER_FLAG_*; undefined: the usual. */
  readonly flags?: number;
}

// linux/seccomp.h
const TRAP = 0x0003_0000;
const ERRNO = 0x0005_0000;
const TRACE = 0x7ff0_0000;
const ACTIONS: Readonly<Record<string, KernelAction>> = {
  SCMP_ACT_ALLOW: 0x7fff_0000,
  SCMP_ACT_LOG: 0x7ffc_0000,
  SCMP_ACT_TRAP: TRAP,
  SCMP_ACT_ERRNO: ERRNO,
  SCMP_ACT_TRACE: TRACE,
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x8000_0000,
};
const TAKES_DATA = new Set([ERRNO, TRACE]);
const EPERM = 1;

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  SCMP_CMP_EQ: 'eq',
  SCMP_CMP_NE: 'ne',
  SCMP_CMP_LT: 'lt',
  SCMP_CMP_LE: 'le',
  SCMP_CMP_GT: 'gt',
  SCMP_CMP_GE: 'ge',
  SCMP_CMP_MASKED_EQ: 'masked-eq',
};

const FLAGS: Readonly<Record<string, number>> = {
  SECCOMP_FILTER_FLAG_TSYNC: 1,
  SECCOMP_FILTER_FLAG_LOG: 2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
};

type Json = Readonly<Record<string, unknown>>;

/** Throws TcError that says where in the profile it is wrong. */
export function parseProfile(text: string): SeccompProfile {
  const root = asObject(readJson(text), 'the profile');
  const errno = asErrno(root['defaultErrnoRet'], 'defaultErrnoRet');
  const names = [
    ...asTexts(root['architectures'], 'architectures'),
    ...asList(root['archMap'], 'archMap').flatMap((item, index) => {
      const map = asObject(item, `archMap[${index}]`);
      return [
        asText(map['architecture'], `archMap[${index}].architecture`),
        ...asTexts(map['subArchitectures'], `archMap[${index}].subArchitectures`),
      ];
    }),
  ];
  const flags = root['flags'] === undefined ? undefined : asTexts(root['flags'], 'flags');
  return {
    defaultAction: asAction(root['defaultAction'], errno, 'defaultAction'),
    architectures: names,
    rules: asList(root['syscalls'], 'syscalls').flatMap((item, index) =>
      parseRule(asObject(item, `syscalls[${index}]`), `syscalls[${index}]`, errno),
    ),
    ...(flags && { flags: flags.reduce((all, name) => all | asFlag(name), 0) }),
  };
}

function readJson(text: string): unknown {
  try {
    // JSON's numbers lose what is beyond 2^53: long ones are kept as text.
    return JSON.parse(
      text.replace(/"(?:[^"\\]|\\.)*"|\d{16,}/gs, (part) => (part.startsWith('"') ? part : `"${part}"`)),
    );
  } catch (cause) {
    throw wrong('it is not JSON', cause);
  }
}

/** As runc has it: several tests of one argument are alternatives, else all must hold. */
function parseRule(rule: Json, at: string, defaultErrno: number): ProfileRule[] {
  const single = rule['name'];
  const names = [...(typeof single === 'string' ? [single] : []), ...asTexts(rule['names'], `${at}.names`)];
  const errno = rule['errnoRet'] === undefined ? defaultErrno : asErrno(rule['errnoRet'], `${at}.errnoRet`);
  const tests = asList(rule['args'], `${at}.args`).map((item, index) =>
    parseTest(asObject(item, `${at}.args[${index}]`), `${at}.args[${index}]`),
  );
  const common = {
    names,
    action: asAction(rule['action'], errno, `${at}.action`),
    includes: parseCondition(rule['includes'], `${at}.includes`),
    excludes: parseCondition(rule['excludes'], `${at}.excludes`),
  };
  const areAlternatives = new Set(tests.map(({ index }) => index)).size < tests.length;
  return areAlternatives ? tests.map((test) => ({ ...common, tests: [test] })) : [{ ...common, tests }];
}

function parseTest(test: Json, at: string): ProfileTest {
  const index = Number(test['index']);
  if (!Number.isInteger(index) || index < 0 || index > 5) throw wrong(`${at}.index is not from 0 to 5`);
  const op = COMPARISONS[String(test['op'])];
  if (!op) throw wrong(`${at}.op is not a comparison`);
  const value = asWord(test['value'], `${at}.value`);
  if (op !== 'masked-eq') return { index, op, value };
  return { index, op, mask: value, value: asWord(test['valueTwo'] ?? 0, `${at}.valueTwo`) };
}

function parseCondition(value: unknown, at: string): Condition {
  const condition = value === undefined || value === null ? {} : asObject(value, at);
  const minKernel = condition['minKernel'];
  return {
    capabilities: asTexts(condition['caps'], `${at}.caps`),
    architectures: asTexts(condition['arches'], `${at}.arches`),
    ...(typeof minKernel === 'string' && { minKernel }),
  };
}

function asAction(value: unknown, errno: number, at: string): KernelAction {
  const action = ACTIONS[String(value)];
  if (value === 'SCMP_ACT_NOTIFY')
    throw wrong(`${at}: SCMP_ACT_NOTIFY needs a listener, which there is none`);
  if (action === undefined) throw wrong(`${at} is not an action`);
  return TAKES_DATA.has(action) ? (action | errno) >>> 0 : action;
}

function asErrno(value: unknown, at: string): number {
  if (value === undefined) return EPERM;
  const errno = Number(value);
  if (Number.isInteger(errno) && errno >= 0 && errno <= 4095) return errno;
  throw wrong(`${at} is not an error number`);
}

function asFlag(name: string): number {
  const flag = FLAGS[name];
  if (flag === undefined) throw wrong(`flags: ${name} is not a flag`);
  return flag;
}

/** A whole machine word. */
function asWord(value: unknown, at: string): bigint {
  const isNumber = typeof value === 'number' ? Number.isSafeInteger(value) : /^\d+$/.test(String(value));
  const word = isNumber ? BigInt(value as number | string) : -1n;
  if (word >= 0n && word < 1n << 64n) return word;
  throw wrong(`${at} is not a number below 2^64`);
}

function asObject(value: unknown, at: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw wrong(`${at} is not an object`);
}

function asList(value: unknown, at: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw wrong(`${at} is not a list`);
}

function asText(value: unknown, at: string): string {
  if (typeof value === 'string') return value;
  throw wrong(`${at} is not text`);
}

function asTexts(value: unknown, at: string): readonly string[] {
  return asList(value, at).map((item, index) => asText(item, `${at}[${index}]`));
}

function wrong(what: string, cause?: unknown): TcError {
  return new TcError(what, {
    code: 'seccomp-profile',
    hints: ['the format is that of `docker run --security-opt seccomp=FILE`'],
    ...(cause !== undefined && { cause }),
  });
}
