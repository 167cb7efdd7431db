// service + image + host -> the two files that make a container. Pure: everything that must be looked up was.

import { bug, TcError } from '../base/error.ts';
import type { Warning } from '../base/warning.ts';
import { resolveUser, type User } from './accounts.ts';
import { resolveCapabilities } from './capabilities.ts';
import { computeCgroup } from './cgroup.ts';
import { computeDns, computeFiles, locateFiles, resolveHostname } from './container-files.ts';
import type { ContainerBundle, ContainerInput } from './container-input.ts';
import { resolveHealth } from './health.ts';
import { READONLY_PATHS, maskedPaths } from './hidden-paths.ts';
import { type LogSpec, MONITOR_SPEC_VERSION, type MonitorSpec } from './monitor-spec.ts';
import { computeMounts } from './mounts.ts';
import type { OciConfig, OciLinux, OciProcess } from './oci-config.ts';
import { resolveArguments, resolveEnvironment, resolveWorkingDirectory } from './process.ts';
import { type ResourceLimits, resolveResourceLimits } from './resource-limits.ts';
import { resolveRestart } from './restart.ts';
import { resolveRlimits } from './rlimits.ts';
import { computeSeccomp } from './seccomp/seccomp.ts';
import { parseSecurityOptions, type SecurityOptions } from './security-options.ts';
import { parseSignal } from './signals.ts';
import { resolveSysctls } from './sysctls.ts';

const OCI_VERSION = '1.2.0';
const DEFAULT_STOP_SIGNAL = 'SIGTERM';
const DEFAULT_GRACE = 10_000_000_000;
const MILLISECOND = 1_000_000;

/** What several parts of the two files follow from. */
interface Decisions {
  readonly hostname: string;
  readonly user: User;
  readonly capabilities: readonly string[];
  readonly security: SecurityOptions;
  readonly limits: ResourceLimits;
}

/** Throws TcError for what this host or this image cannot give. Names and forms were validated (attributes.ts). */
export function computeContainer(input: ContainerInput): ContainerBundle {
  const { service, image, host, identity } = input;
  const { capabilities, warnings } = chooseCapabilities(input);
  const decisions: Decisions = {
    hostname: resolveHostname(input),
    user: resolveUser(userOf(input), service.group_add ?? [], input.accounts),
    capabilities,
    security: parseSecurityOptions(service.security_opt ?? []),
    limits: resolveResourceLimits(service),
  };
  const cgroup = computeCgroup({
    layout: host.cgroups,
    limits: decisions.limits,
    parent: input.table,
    id: identity.id,
    serviceName: service.name,
  });
  const score = chooseOomScore(input);
  return {
    config: {
      ociVersion: OCI_VERSION,
      process: { ...computeProcess(input, decisions), ...score.part },
      root: { path: 'rootfs', readonly: service.read_only === true },
      ...(service.uts !== 'host' && { hostname: decisions.hostname }),
      ...(service.domainname && { domainname: service.domainname }),
      mounts: computeMounts({
        service,
        imageMounts: image.mounts,
        binds: input.binds,
        files: locateFiles(input),
      }),
      ...(service.annotations && { annotations: service.annotations }),
      linux: computeLinux(input, decisions),
    } satisfies OciConfig,
    monitor: { ...computeMonitor(input, decisions), cgroup: cgroup.spec },
    files: computeFiles(input),
    hostname: decisions.hostname,
    warnings: [...warnings, ...cgroup.warnings, ...score.warnings],
  };
}

function userOf({ service, image }: ContainerInput): string {
  return service.user ?? image.config.User ?? '';
}

/** A capability that this process lacks cannot be given on. */
function chooseCapabilities({ service, host }: ContainerInput) {
  const wanted = resolveCapabilities(service);
  const held = new Set(host.capabilities);
  const named = new Set((service.cap_add ?? []).map((name) => name.toUpperCase().replace(/^CAP_/, '')));
  const warnings: Warning[] = wanted
    .filter((name) => !held.has(name) && named.has(name.slice('CAP_'.length)))
    .map((name) => ({
      code: 'capability-not-available',
      message: `service "${service.name}": cap_add ${name} has no effect: this host does not give it to tcompose`,
    }));
  return { capabilities: wanted.filter((name) => held.has(name)), warnings };
}

/** Lowering the score below our own needs CAP_SYS_RESOURCE; it is advice to the kernel. */
function chooseOomScore({ service, host }: ContainerInput) {
  const oomScoreAdj = service.oom_score_adj;
  if (oomScoreAdj === undefined) return { part: {}, warnings: [] };
  if (oomScoreAdj >= 0 || host.capabilities.includes('CAP_SYS_RESOURCE')) {
    return { part: { oomScoreAdj }, warnings: [] };
  }
  const message = `service "${service.name}": oom_score_adj ${oomScoreAdj} has no effect: lowering it needs CAP_SYS_RESOURCE`;
  return { part: {}, warnings: [{ code: 'oom-score-not-permitted', message }] };
}

function computeProcess(input: ContainerInput, decisions: Decisions): OciProcess {
  const { service, image, host } = input;
  const { user, capabilities, security } = decisions;
  // Exec drops them for another user than root, since none is ambient. Inheritable: CVE-2022-24769.
  const held = [...capabilities];
  return {
    terminal: service.tty === true,
    user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
    args: resolveArguments(service, image.config),
    env: resolveEnvironment({
      image: image.config,
      service: service.environment,
      hostname: decisions.hostname,
      home: user.home,
      tty: service.tty === true,
    }),
    cwd: resolveWorkingDirectory(service, image.config),
    capabilities: { bounding: held, effective: held, permitted: held, inheritable: [], ambient: [] },
    rlimits: resolveRlimits({
      serviceName: service.name,
      ulimits: service.ulimits ?? {},
      host: host.limits,
      canRaise: host.capabilities.includes('CAP_SYS_RESOURCE'),
    }),
    noNewPrivileges: security.noNewPrivileges,
  };
}

function computeLinux(input: ContainerInput, decisions: Decisions): OciLinux {
  const { service, host, network, identity } = input;
  const { security, capabilities, limits } = decisions;
  const isBare = service.privileged === true || security.systemPaths === 'unconfined';
  const confined = service.privileged !== true && security.seccomp === 'default';
  return {
    namespaces: computeNamespaces(input),
    cgroupsPath: `/${input.table}/${identity.id}`,
    resources: formatResources(limits),
    sysctl: resolveSysctls(service.sysctls ?? {}, network.mode === 'private'),
    ...(confined && { seccomp: computeSeccomp(capabilities, host.architecture).oci }),
    maskedPaths: isBare ? [] : maskedPaths(host.cpus),
    readonlyPaths: isBare ? [] : READONLY_PATHS,
    rootfsPropagation: choosePropagation(input),
  };
}

function computeNamespaces({ service, network }: ContainerInput): OciLinux['namespaces'] {
  const types: OciLinux['namespaces'][number]['type'][] = ['mount'];
  if (service.pid !== 'host') types.push('pid');
  if (service.ipc !== 'host') types.push('ipc');
  if (service.uts !== 'host') types.push('uts');
  if (service.cgroup !== 'host') types.push('cgroup');
  if (network.mode !== 'host') types.push('network');
  return types.map((type) => ({ type }));
}

/** A volume that shares its mounts with the host needs a root that does not cut the tie. */
function choosePropagation({ binds }: ContainerInput): string {
  const asked = binds.map(({ propagation }) => propagation);
  if (asked.some((each) => each === 'shared' || each === 'rshared')) return 'rshared';
  return asked.some((each) => each === 'slave' || each === 'rslave') ? 'rslave' : 'rprivate';
}

/** The limits once more in the words of the OCI configuration, for other runtimes. */
function formatResources({ memory, memorySwap, memoryReservation, cpuQuota, cpuShares, cpuset, pids }: ResourceLimits) {
  return {
    devices: [{ allow: false, access: 'rwm' }],
    memory: {
      ...(memory && { limit: memory.value, swap: memorySwap?.value ?? 2 * memory.value }),
      ...(memoryReservation && { reservation: memoryReservation.value }),
    },
    cpu: {
      ...(cpuQuota && cpuQuota.value),
      ...(cpuShares && { shares: cpuShares.value }),
      ...(cpuset && { cpus: cpuset.value }),
    },
    ...(pids && { pids: { limit: pids.value } }),
  };
}

function computeMonitor(input: ContainerInput, decisions: Decisions): Omit<MonitorSpec, 'cgroup'> {
  const { service, image, host, identity, network, paths } = input;
  const { security, capabilities } = decisions;
  const confined = service.privileged !== true && security.seccomp === 'default';
  const dns = computeDns(input);
  const health = resolveHealth(service.healthcheck, image.config);
  return {
    version: MONITOR_SPEC_VERSION,
    id: identity.id,
    name: identity.name,
    table: input.table,
    bundle: paths.bundle,
    runDir: paths.runDir,
    ownPidNamespace: service.pid !== 'host',
    root: {
      layers: image.layers,
      upper: `${paths.bundle}/upper`,
      work: `${paths.bundle}/work`,
      volatile: input.onEnd === 'remove',
    },
    ...(confined && { seccomp: { filter: computeSeccomp(capabilities, host.architecture).filter } }),
    user: userOf(input),
    groupAdd: service.group_add ?? [],
    init: service.init === true,
    log: computeLog(input),
    restart: resolveRestart(service) ?? invalid(`restart policy "${service.restart}"`),
    stop: {
      signal: stopSignal(input),
      graceMs: Math.round((service.stop_grace_period ?? DEFAULT_GRACE) / MILLISECOND),
    },
    ...(health && { health }),
    network: {
      mode: network.mode,
      ...(network.joinControl && { joinControl: network.joinControl }),
      endpoints: network.endpoints,
      ...(dns && { dns }),
      ports: network.ports,
    },
    onEnd: input.onEnd,
  };
}

function stopSignal({ service, image }: ContainerInput): number {
  const name = service.stop_signal ?? (image.config.StopSignal || DEFAULT_STOP_SIGNAL);
  const number = parseSignal(name);
  if (number !== undefined) return number;
  throw new TcError(`service "${service.name}": there is no signal "${name}"`, {
    code: 'invalid-signal',
    hints: ['use a name as in signal(7), for example SIGTERM or SIGRTMIN+3, or a number'],
  });
}

function computeLog({ service, paths }: ContainerInput): LogSpec {
  const { driver, options } = service.logging ?? {};
  const size = parseSize(options?.['max-size'] ?? '-1');
  return {
    driver: driver === 'none' ? 'none' : 'json-file',
    path: `${paths.bundle}/log`,
    maxSize: size ?? invalid(`logging max-size "${options?.['max-size']}"`),
    maxFile: Number(options?.['max-file'] ?? 1),
  };
}
