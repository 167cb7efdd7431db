// What both files of a container follow from, decided once.

import { TcError } from '../base/error.ts';
import type { Warning } from '../base/warning.ts';
import { resolveUser, type User } from './accounts.ts';
import { normalizeCapability, resolveCapabilities } from './capabilities.ts';
import { computeCgroup } from './cgroup.ts';
import { parseCgroupParent } from './cgroup-parent.ts';
import { resolveHostname } from './container-files.ts';
import type { ContainerInput } from './container-input.ts';
import { resolveDeviceRules } from './devices.ts';
import type { CgroupSpec } from './monitor-spec.ts';
import { type ResourceLimits, resolveResourceLimits } from './resource-limits.ts';
import { type ContainerSeccomp, computeProfileSeccomp, computeSeccomp } from './seccomp/seccomp.ts';
import { parseSecurityOptions, type SecurityOptions } from './security-options.ts';
import { checkIds } from './user-namespace.ts';

export interface Decisions {
  readonly hostname: string;
  /** As written; empty: root. */
  readonly userSpec: string;
  readonly user: User;
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  /** Undefined: unconfined. */
  readonly seccomp?: ContainerSeccomp;
  readonly apparmorProfile?: string;
  /** /proc and /sys as they are. */
  readonly hasBareSystemPaths: boolean;
  readonly oomScoreAdj?: number;
  readonly limits: ResourceLimits;
  readonly cgroup: CgroupSpec;
  /** Below the root of each hierarchy, without a leading slash. */
  readonly cgroupsPath: string;
  readonly warnings: readonly Warning[];
}

export function decide(input: ContainerInput): Decisions {
  const { service, image, host, identity } = input;
  const userSpec = service.user ?? image.config.User ?? '';
  const security = parseSecurityOptions(service.security_opt ?? []);
  const capabilities = decideCapabilities(input);
  const oomScore = decideOomScore(input);
  const limits = resolveResourceLimits(service);
  const within = parseCgroupParent(service.cgroup_parent ?? '') ?? '';
  const cgroup = computeCgroup({
    layout: host.cgroups,
    limits,
    table: input.table,
    within,
    id: identity.id,
    serviceName: service.name,
    disks: input.disks ?? {},
    ...(!service.privileged && { deviceRules: resolveDeviceRules(service, input.devices ?? []) }),
  });
  const apparmor = decideApparmor(input, security.apparmor);
  const seccomp = decideSeccomp(input, security.seccomp, capabilities.value);
  const groups = [...(service.group_add ?? []), ...(input.grant?.gids.map(String) ?? [])];
  const user = resolveUser(userSpec, groups, input.accounts);
  checkIds(input, user);
  return {
    hostname: resolveHostname(input),
    userSpec,
    user,
    capabilities: capabilities.value,
    noNewPrivileges: security.noNewPrivileges,
    ...(seccomp && { seccomp }),
    ...(apparmor.value !== undefined && { apparmorProfile: apparmor.value }),
    hasBareSystemPaths: service.privileged === true || security.systemPaths === 'unconfined',
    oomScoreAdj: oomScore.value,
    limits,
    cgroup: cgroup.spec,
    cgroupsPath: [within, input.table, identity.id].filter(Boolean).join('/'),
    warnings: [
      ...[...capabilities.warnings, ...oomScore.warnings, ...apparmor.warnings, ...cgroup.warnings],
      ...(host.hasSelinux
        ? listLabels(service, security).map((label) => unlabelled(service.name, label))
        : []),
    ],
  };
}

interface Decision<T> {
  readonly value: T;
  readonly warnings: readonly Warning[];
}

/** A capability that this process lacks cannot be given on; it is missed only where the service names it. */
function decideCapabilities({ service, host }: ContainerInput): Decision<readonly string[]> {
  const wanted = resolveCapabilities(service);
  const held = new Set(host.capabilities);
  const named = new Set(service.cap_add?.map(normalizeCapability));
  const missing = wanted.filter((name) => named.has(name) && !held.has(name));
  return {
    value: wanted.filter((name) => held.has(name)),
    warnings: missing.map((name) => ({
      code: 'capability-not-available',
      message: `service "${service.name}": cap_add ${name} has no effect: tcompose itself lacks it on this host`,
    })),
  };
}

/** A privileged container has no filter, unless it names one. */
function decideSeccomp(
  { service, host, seccompProfile }: ContainerInput,
  wanted: SecurityOptions['seccomp'],
  capabilities: readonly string[],
): ContainerSeccomp | undefined {
  if (typeof wanted === 'object') {
    const { architecture, kernel } = host;
    try {
      return computeProfileSeccomp(seccompProfile ?? '', { capabilities, architecture, kernel });
    } catch (error) {
      if (!(error instanceof TcError)) throw error;
      const { code, hints } = error;
      const message = `service "${service.name}": seccomp profile ${wanted.file}: ${error.message}`;
      throw new TcError(message, { code, hints, cause: error });
    }
  }
  if (service.privileged || wanted === 'unconfined') return undefined;
  return computeSeccomp(capabilities, host.architecture);
}

/** As under Docker, a host without AppArmor runs the container without the profile. */
function decideApparmor(
  { service, host }: ContainerInput,
  profile: string | undefined,
): Decision<string | undefined> {
  if (profile === undefined || service.privileged) return { value: undefined, warnings: [] };
  if (host.hasApparmor) return { value: profile, warnings: [] };
  const message = `service "${service.name}": security_opt apparmor=${profile} has no effect: this host has no AppArmor`;
  return { value: undefined, warnings: [{ code: 'no-apparmor', message }] };
}

/** Wishes for labels, as written. Without SELinux there is nothing to label, and Docker says nothing either. */
function listLabels({ volumes }: ContainerInput['service'], { labels }: SecurityOptions): readonly string[] {
  const flags = volumes.flatMap(({ target, bind }) => (bind?.selinux ? [`${target}:${bind.selinux}`] : []));
  return [...labels.map((label) => `security_opt ${label}`), ...flags.map((flag) => `volumes ${flag}`)];
}

function unlabelled(serviceName: string, wish: string): Warning {
  const message = `service "${serviceName}": ${wish} has no effect: SELinux labels are not set`;
  return { code: 'attribute-ignored', message };
}

/** Lowering it needs CAP_SYS_RESOURCE. It is advice to the kernel: going without it is no reason not to start. */
function decideOomScore({ service, host }: ContainerInput): Decision<number | undefined> {
  const value = service.oom_score_adj;
  if (value === undefined || value >= 0 || host.capabilities.includes('CAP_SYS_RESOURCE')) {
    return { value, warnings: [] };
  }
  const message = `service "${service.name}": oom_score_adj ${value} has no effect: lowering it needs CAP_SYS_RESOURCE`;
  return { value: undefined, warnings: [{ code: 'oom-score-not-permitted', message }] };
}
