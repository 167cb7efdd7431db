// Every attribute of a service in the Compose Specification, and what this runtime does with it. What is not listed
// here does not exist; what is refused stops a project before anything is touched.

import type { AttributeCheck } from './attribute-checks.ts';
import * as check from './attribute-checks.ts';
import { logging } from './log-checks.ts';
import * as networkCheck from './network-checks.ts';
import * as storage from './storage-checks.ts';

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
const WINDOWS = 'it exists on Windows only';

const IMAGE_AND_BUILD: readonly AttributeSupport[] = [
  ...honoured('image'),
  ...refused('images are not built yet: build it elsewhere and name it in `image`', 'build'),
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
  checked('runtime', check.runtime, 'tcompose has one runtime, its own'),
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
  ...honoured('depends_on', 'links', 'external_links', 'extends'),
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
  ...warned('SELinux labels are not set', 'volumes.*.bind.selinux'),
  checked('tmpfs', storage.tmpfs),
  checked(
    'configs',
    storage.fileObjects,
    'owner and mode are honoured for files too; external ones are files `configs/NAME` of the data root',
  ),
  checked(
    'secrets',
    storage.fileObjects,
    'owner and mode are honoured for files too; kept in memory only; external ones are files `secrets/NAME` of the data root',
  ),
  ...honoured('read_only', 'shm_size'),
  ...warned('the size of a container is not limited', 'storage_opt'),
  checked('devices', check.devices, 'paths of the host'),
  checked('device_cgroup_rules', check.deviceRules),
  ...refused('name its nodes in `devices`', 'gpus'),
];

const LIMITS: readonly AttributeSupport[] = [
  checked('cpus', check.cpus),
  ...honoured('cpu_shares', 'cpu_period', 'cpu_quota', 'cpuset'),
  ...warned(WINDOWS, 'cpu_count', 'cpu_percent'),
  ...refused('', 'cpu_rt_period', 'cpu_rt_runtime', 'blkio_config', 'oom_kill_disable'),
  checked('mem_limit', check.memory),
  checked('memswap_limit', check.swap),
  ...honoured('mem_reservation', 'pids_limit', 'oom_score_adj'),
  ...warned("the kernel's default stands", 'mem_swappiness'),
  checked('ulimits', check.ulimits),
];

const ISOLATION: readonly AttributeSupport[] = [
  ...honoured('privileged'),
  checked('cap_add', check.capabilities),
  checked('cap_drop', check.capabilities),
  checked(
    'security_opt',
    check.securityOptions,
    '`no-new-privileges`, `seccomp=unconfined` and `systempaths=unconfined`',
  ),
  checked('sysctls', check.sysctls, "those of the container's own namespaces"),
  ...honoured('cgroup'),
  ...refused('', 'cgroup_parent', 'credential_spec', 'use_api_socket'),
  checked('ipc', check.ipc, '`private`, `shareable` and `host`'),
  checked('pid', check.hostNamespace, '`host`'),
  checked('uts', check.hostNamespace, '`host`'),
  checked('userns_mode', check.hostNamespace, '`host`, which is what every container has'),
  ...warned(WINDOWS, 'isolation'),
];

const DEPLOYMENT: readonly AttributeSupport[] = [
  ...honoured('deploy.replicas', 'deploy.labels'),
  checked('deploy.resources.limits.cpus', check.cpus),
  checked('deploy.resources.limits.memory', check.memory),
  ...honoured('deploy.resources.limits.pids', 'deploy.resources.reservations.memory'),
  checked('deploy.mode', check.deployMode, '`replicated`'),
  ...warned('nothing is set aside', 'deploy.resources.reservations.cpus'),
  ...warned(ONE_HOST, 'deploy.resources.reservations.generic_resources'),
  ...refused('', 'deploy.resources.reservations.devices'),
  ...honoured('deploy.restart_policy.condition', 'deploy.restart_policy.max_attempts'),
  noted('without it restarts wait 100 ms, doubling up to a minute', 'deploy.restart_policy.delay'),
  noted('without it every restart counts as an attempt', 'deploy.restart_policy.window'),
  ...warned(ONE_HOST, 'deploy.placement', 'deploy.endpoint_mode'),
  ...warned('containers are replaced one after the other', 'deploy.update_config', 'deploy.rollback_config'),
  ...honoured('develop'),
  ...refused('', 'models'),
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
