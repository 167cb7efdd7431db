// Every attribute of a service in the Compose Specification, and what this runtime does with it. What is not listed
// here does not exist; what is refused stops a project before anything is touched.

import * as check from './attribute-checks.ts';
import { gpuRequests } from './cdi.ts';
import type { AttributeCheck } from './finding.ts';
import * as isolation from './isolation-checks.ts';
import { logging } from './log-checks.ts';
import * as networkCheck from './network-checks.ts';
import * as resource from './resource-checks.ts';
import { runtime } from './runtime-checks.ts';
import * as storage from './storage-checks.ts';
import * as update from './update-checks.ts';

export type Support = 'honoured' | 'warned' | 'refused';

export interface AttributeSupport {
  /** Dotted; `*` is any key or index. Covers what lies below it, unless that has a row of its own. */
  readonly path: string;
  readonly support: Support;
  /** What is left out, why, or what to do instead. */
  readonly note?: string;
  /** Looks at the value of an honoured attribute. */
  readonly check?: AttributeCheck;
}

const honoured = (...paths: string[]): AttributeSupport[] =>
  paths.map((path) => ({ path, support: 'honoured' }));
const noted = (note: string, path: string): AttributeSupport => ({ path, support: 'honoured', note });
const checked = (path: string, verify: AttributeCheck, note?: string): AttributeSupport => ({
  path,
  support: 'honoured',
  ...(note !== undefined && { note }),
  check: verify,
});
const warned = (note: string, ...paths: string[]): AttributeSupport[] =>
  paths.map((path) => ({ path, support: 'warned', note }));
const refused = (note: string, ...paths: string[]): AttributeSupport[] =>
  paths.map((path) => ({ path, support: 'refused', note }));

const ONE_HOST = 'it has no meaning on a single host';
const GPUS =
  'the drivers `nvidia` and `cdi`, by a CDI specification in /etc/cdi or /var/run/cdi; hooks in it are an error';
const UPDATES =
  '`up` replaces replicas in batches, watches each, and takes a failed update back: docs/updates.md';
const RUNTIMES =
  "a name of `/etc/tcompose/runtimes.json`, or of Docker's `daemon.json` in its place; `runc`, `crun`, `youki`, `runsc` and their like, " +
  "where they are installed; a path: docs/operations.md. `io.containerd.runc.v2` is tcompose's own, the default";
const WINDOWS = 'it exists on Windows only';

const IMAGE_AND_BUILD: readonly AttributeSupport[] = [
  ...honoured('image'),
  ...honoured('build'),
  ...warned(
    'attestations are not made: attest images with a tool of its own',
    'build.provenance',
    'build.sbom',
  ),
  ...warned(WINDOWS, 'build.isolation'),
  ...honoured('pull_policy', 'pull_refresh_after', 'platform'),
];

const PROCESS: readonly AttributeSupport[] = [
  checked('command', check.noNul),
  checked('entrypoint', check.noNul),
  checked('working_dir', check.workingDirectory),
  ...honoured('group_add', 'init', 'tty', 'stdin_open'),
  checked('user', check.user),
  checked('stop_signal', check.stopSignal),
  ...honoured('stop_grace_period'),
  checked('restart', check.restart),
  checked('runtime', runtime, RUNTIMES),
];

const ENVIRONMENT_AND_IDENTITY: readonly AttributeSupport[] = [
  checked('environment', check.noNul),
  checked('hostname', check.kernelName),
  checked('domainname', check.kernelName),
  ...honoured('env_file', 'container_name', 'labels', 'label_file'),
  ...honoured('annotations', 'profiles', 'attach', 'scale'),
  checked('logging', logging, 'drivers `json-file`, `local`, `syslog` (unix, udp, tcp) and `none`'),
];

const DEPENDENCIES_AND_HOOKS: readonly AttributeSupport[] = [
  ...honoured('depends_on'),
  noted(
    'in a file of format 1 they set variables, too: `DB_PORT_3306_TCP_ADDR`, `DB_NAME`, `DB_ENV_...`',
    'links',
  ),
  ...honoured('external_links', 'extends'),
  ...honoured('volumes_from'),
  noted('what it says is set when a container is created', 'provider'),
  ...honoured('pre_start', 'post_start', 'pre_stop'),
  ...honoured('healthcheck'),
  checked('healthcheck.test', check.healthTest),
];

const NETWORK: readonly AttributeSupport[] = [
  ...honoured('networks', 'networks.*.aliases', 'networks.*.interface_name', 'networks.*.ipv4_address'),
  ...honoured('networks.*.ipv6_address', 'networks.*.mac_address', 'networks.*.priority'),
  ...honoured('networks.*.gw_priority'),
  checked('networks.*.link_local_ips', networkCheck.linkLocalAddresses),
  checked('networks.*.driver_opts', networkCheck.endpointOptions, '`com.docker.network.endpoint.sysctls`'),
  checked('network_mode', networkCheck.networkMode, '`bridge` is the network of the project'),
  ...honoured('ports', 'expose', 'dns', 'dns_opt', 'dns_search', 'extra_hosts', 'mac_address'),
];

const STORAGE: readonly AttributeSupport[] = [
  checked('volumes', storage.volumes, 'types `bind`, `volume`, `tmpfs` and `image`'),
  noted('labels are not set, which is a warning where the host has SELinux', 'volumes.*.bind.selinux'),
  checked('tmpfs', storage.tmpfs),
  checked(
    'configs',
    storage.fileObjects,
    'owner and mode are honoured for files too; external ones are files `configs/NAME` of the data root',
  ),
  checked(
    'secrets',
    storage.fileObjects,
    'owner and mode are honoured for files too; kept in memory only: one of a variable needs that at every start; external ones are files `secrets/NAME` of the data root',
  ),
  ...honoured('read_only', 'shm_size'),
  ...refused(
    'the size of a container cannot be limited here: limit that of a volume of type tmpfs, or of a file system of its own',
    'storage_opt',
  ),
  checked('devices', resource.devices, 'paths of the host, and CDI devices: `vendor.com/class=name`'),
  checked('device_cgroup_rules', resource.deviceRules),
  checked('gpus', (gpus) => resource.deviceRequests(gpuRequests(gpus)), GPUS),
];

const V1_ONLY = 'on cgroup v1; v2 has no such setting: a warning';

const LIMITS: readonly AttributeSupport[] = [
  checked('cpus', resource.cpus),
  ...honoured('cpu_shares'),
  checked('cpu_period', resource.cpuPeriod),
  checked('cpu_quota', resource.cpuQuota),
  checked('cpuset', resource.cpuset),
  ...warned(WINDOWS, 'cpu_count', 'cpu_percent'),
  ...honoured('cpu_rt_period'),
  checked('cpu_rt_runtime', resource.realtimeRuntime, 'on cgroup v1; v2 cannot do it: an error'),
  checked('blkio_config', resource.blockIo, 'weights need the BFQ scheduler, or on cgroup v2 io.cost'),
  checked('mem_limit', resource.memory),
  checked('memswap_limit', resource.swap),
  checked('mem_reservation', resource.reservation),
  checked('mem_swappiness', resource.swappiness, V1_ONLY),
  checked('oom_kill_disable', resource.oomKill, V1_ONLY),
  checked('oom_score_adj', resource.oomScore),
  ...honoured('pids_limit'),
  checked('ulimits', resource.ulimits),
  checked('cgroup_parent', resource.cgroupParent, 'a cgroup of each hierarchy, made if it is missing'),
];

const ISOLATION: readonly AttributeSupport[] = [
  ...honoured('privileged'),
  checked('cap_add', isolation.capabilities),
  checked('cap_drop', isolation.capabilities),
  checked(
    'security_opt',
    isolation.securityOptions,
    '`no-new-privileges`, `seccomp=FILE`, `seccomp=unconfined`, `apparmor=PROFILE` where the host has AppArmor, ' +
      '`systempaths=unconfined`, `writable-cgroups`; `label` is a warning where the host has SELinux: labels are not set',
  ),
  checked('sysctls', isolation.sysctls, "those of the container's own namespaces"),
  ...honoured('cgroup'),
  ...refused('it exists on Windows only', 'credential_spec'),
  ...refused('there is no Engine here whose socket a container could use', 'use_api_socket'),
  checked(
    'ipc',
    isolation.ipc,
    '`private`, `shareable`, `none`, `host`, `service:NAME` and `container:NAME`',
  ),
  checked('pid', isolation.pid, '`host`, `service:NAME` and `container:NAME`'),
  checked('uts', isolation.uts, '`host`, `service:NAME` and `container:NAME`'),
  checked(
    'userns_mode',
    isolation.userNamespace,
    "`host`, the default; `auto` and `private`: ids of the project's own, also by `x-tcompose: {userns: auto}` for all",
  ),
  ...warned(WINDOWS, 'isolation'),
];

const DEPLOYMENT: readonly AttributeSupport[] = [
  ...honoured('deploy.replicas', 'deploy.labels'),
  checked('deploy.resources.limits.cpus', resource.cpus),
  checked('deploy.resources.limits.memory', resource.memory),
  ...honoured('deploy.resources.limits.pids'),
  checked('deploy.resources.reservations.memory', resource.reservation),
  checked('deploy.mode', check.deployMode, '`replicated`'),
  ...warned('nothing is set aside', 'deploy.resources.reservations.cpus'),
  ...warned(ONE_HOST, 'deploy.resources.reservations.generic_resources'),
  checked('deploy.resources.reservations.devices', resource.deviceRequests, GPUS),
  ...honoured('deploy.restart_policy.condition', 'deploy.restart_policy.max_attempts'),
  noted('without it restarts wait 100 ms, doubling up to a minute', 'deploy.restart_policy.delay'),
  noted('without it every restart counts as an attempt', 'deploy.restart_policy.window'),
  ...warned(ONE_HOST, 'deploy.placement', 'deploy.endpoint_mode'),
  checked('deploy.update_config', update.updateConfig, UPDATES),
  checked('deploy.rollback_config', update.rollbackConfig),
  noted('`watch` and `up --watch` follow its rules: docs/watch.md', 'develop'),
  ...refused(
    'no program here serves models: run one as a service, and name its address in `environment`',
    'models',
  ),
];

/** In the order of the specification's groups. */
export const ATTRIBUTE_GROUPS: Readonly<Record<string, readonly AttributeSupport[]>> = {
  'Image and build': IMAGE_AND_BUILD,
  Process: PROCESS,
  'Environment and identity': ENVIRONMENT_AND_IDENTITY,
  'Dependencies, hooks, health': DEPENDENCIES_AND_HOOKS,
  Network: NETWORK,
  Storage: STORAGE,
  Limits: LIMITS,
  Isolation: ISOLATION,
  'Deployment and development': DEPLOYMENT,
};

const rows = new Map<string, AttributeSupport>();
const prefixes = new Set<string>();
for (const row of Object.values(ATTRIBUTE_GROUPS).flat()) {
  rows.set(row.path, row);
  const parts = row.path.split('.');
  for (let length = 1; length < parts.length; length++) prefixes.add(parts.slice(0, length).join('.'));
}

/** The row of exactly this dotted path, `*` for keys and indices. */
export function findAttribute(path: string): AttributeSupport | undefined {
  return rows.get(path);
}

/** Rows below `path` exist. */
export function hasAttributesBelow(path: string): boolean {
  return prefixes.has(path);
}
