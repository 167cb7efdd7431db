// The seccomp filter of a container: as BPF for the monitor, and as an OCI list for config.json.

import type { OciSeccomp } from '../oci-config.ts';
import { compileFilter } from './bpf.ts';
import type { SyscallArchitecture } from './syscall-numbers.ts';
import { formatOciSeccomp, resolveVerdicts, selectRules } from './verdicts.ts';

export interface ContainerSeccomp {
  readonly oci: OciSeccomp;
  /** struct sock_filter[], base64. */
  readonly filter: string;
}

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
  };
  computed.set(key, result);
  return result;
}
