// The seccomp filter of a container: as BPF for the monitor, and as an OCI list for config.json.

import type { OciSeccomp } from '../oci-config.ts';
import { compileFilter } from './bpf.ts';
import { parseProfile } from './profile.ts';
import {
  formatProfile,
  type ProfileSubject,
  resolveProfileVerdicts,
  selectProfileRules,
} from './profile-verdicts.ts';
import type { SyscallArchitecture } from './syscall-numbers.ts';
import { formatOciSeccomp, resolveVerdicts, selectRules } from './verdicts.ts';

export interface ContainerSeccomp {
  readonly oci: OciSeccomp;
  /** struct sock_filter[], base64. */
  readonly filter: string;
  /** SECCOMP_FILTER_FLAG_*. */
  readonly flags: number;
}

/** Docker's default: a filter must not cost speculation mitigations. */
const SPEC_ALLOW = 4;

/** Programs of these architectures run on the host's kernel. 32-bit ARM and x32 programs get ENOSYS throughout. */
const ARCHITECTURES: Readonly<Record<'x86_64' | 'aarch64', readonly SyscallArchitecture[]>> = {
  x86_64: ['x86_64', 'i386'],
  aarch64: ['aarch64'],
};

/** By architecture and capabilities: most containers of a project have the same. */
const computed = new Map<string, ContainerSeccomp>();

export function computeSeccomp(
  capabilities: readonly string[],
  architecture: 'x86_64' | 'aarch64',
): ContainerSeccomp {
  const key = [architecture, ...capabilities].join(' ');
  const known = computed.get(key);
  if (known) return known;
  const rules = selectRules(capabilities);
  const verdicts = ARCHITECTURES[architecture].map((each) => ({
    architecture: each,
    verdicts: resolveVerdicts(rules, each),
  }));
  const result = {
    oci: formatOciSeccomp(rules, architecture),
    filter: Buffer.from(compileFilter(verdicts)).toString('base64'),
    flags: SPEC_ALLOW,
  };
  computed.set(key, result);
  return result;
}

const LIBSECCOMP_NAMES: Readonly<Record<SyscallArchitecture, string>> = {
  x86_64: 'SCMP_ARCH_X86_64',
  i386: 'SCMP_ARCH_X86',
  aarch64: 'SCMP_ARCH_AARCH64',
};

/** The same from the text of a profile. Throws TcError if it is none. */
export function computeProfileSeccomp(text: string, subject: ProfileSubject): ContainerSeccomp {
  const profile = parseProfile(text);
  const rules = selectProfileRules(profile, subject);
  const named = profile.architectures;
  const architectures = ARCHITECTURES[subject.architecture].filter(
    (each) => each === subject.architecture || named.includes(LIBSECCOMP_NAMES[each]),
  );
  const filter = compileFilter(
    architectures.map((architecture) => ({
      architecture,
      verdicts: resolveProfileVerdicts(rules, profile.defaultAction, architecture),
    })),
  );
  return {
    oci: formatProfile(
      profile,
      rules,
      architectures.map((each) => LIBSECCOMP_NAMES[each]),
    ),
    filter: Buffer.from(filter).toString('base64'),
    flags: profile.flags ?? SPEC_ALLOW,
  };
}
