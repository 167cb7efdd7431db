// Linux capabilities: their names, Docker's default set, and what cap_add and cap_drop make of it.

/** By number: capability n is bit n of a mask. Source: include/uapi/linux/capability.h. */
const CAPABILITIES = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
] as const;

/** The names whose bits are set; bits that have no name yet are left out. */
export function formatCapabilityMask(mask: bigint): readonly string[] {
  return CAPABILITIES.filter((_, bit) => (mask >> BigInt(bit)) & 1n);
}

/** Docker's default set. Source: moby, daemon/pkg/oci/caps/defaults.go. */
const DEFAULTS = new Set([
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
]);

const ALL = 'ALL';
const known: ReadonlySet<string> = new Set(CAPABILITIES);

/** `net_admin`, `NET_ADMIN` and `CAP_NET_ADMIN` -> `CAP_NET_ADMIN`; `ALL` stays; undefined if there is no such one. */
export function normalizeCapability(name: string): string | undefined {
  const upper = name.toUpperCase();
  if (upper === ALL) return ALL;
  const full = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  return known.has(full) ? full : undefined;
}

export interface CapabilityRequest {
  readonly privileged?: boolean;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
}

/**
 * By number. `ALL` in cap_add means all but what cap_drop names; `ALL` in cap_drop means only what cap_add names; else
 * cap_add wins over cap_drop. Source: moby, daemon/pkg/oci/caps/utils.go, TweakCapabilities. Names were validated.
 */
export function resolveCapabilities(request: CapabilityRequest): readonly string[] {
  if (request.privileged) return CAPABILITIES;
  const added = new Set(request.cap_add?.map(normalizeCapability));
  const dropped = new Set(request.cap_drop?.map(normalizeCapability));
  return CAPABILITIES.filter((name) => {
    if (added.has(ALL)) return !dropped.has(name);
    if (added.has(name)) return true;
    return DEFAULTS.has(name) && !dropped.has(ALL) && !dropped.has(name);
  });
}
