// One service in canonical form. Attribute names are the Compose Specification's own (snake_case); values are typed and
// in one form each (the long one). Source: compose-spec, 05-services.md and deploy.md.

import type { Bytes, Nanoseconds, NullableStringMap, StringMap } from './model.ts';

export interface ServiceConfig {
  readonly name: string;
  readonly image?: string;
  readonly build?: BuildConfig;
  readonly pull_policy?: string;
  readonly pull_refresh_after?: Nanoseconds;
  readonly platform?: string;
  /** `null`: the image's own. `[]`: cleared. */
  readonly command: readonly string[] | null;
  readonly entrypoint: readonly string[] | null;
  readonly working_dir?: string;
  readonly user?: string;
  readonly group_add?: readonly string[];
  readonly init?: boolean;
  readonly tty?: boolean;
  readonly stdin_open?: boolean;
  readonly stop_signal?: string;
  readonly stop_grace_period?: Nanoseconds;
  /** `no`, `always`, `on-failure`, `on-failure:N`, `unless-stopped`. */
  readonly restart?: string;
  readonly runtime?: string;
  /** env_file and environment resolved into one. */
  readonly environment: NullableStringMap;
  readonly env_file?: readonly EnvFileConfig[];
  readonly container_name?: string;
  readonly hostname?: string;
  readonly domainname?: string;
  readonly labels: StringMap;
  readonly label_file?: readonly string[];
  readonly annotations?: StringMap;
  readonly profiles?: readonly string[];
  readonly attach?: boolean;
  readonly scale?: number;
  readonly logging?: LoggingConfig;
  readonly depends_on: Readonly<Record<string, DependencyConfig>>;
  /** `SERVICE:ALIAS`. */
  readonly links?: readonly string[];
  readonly external_links?: readonly string[];
  readonly volumes_from?: readonly string[];
  readonly provider?: { readonly type: string; readonly options?: Readonly<Record<string, unknown>> };
  readonly pre_start?: readonly HookConfig[];
  readonly post_start?: readonly HookConfig[];
  readonly pre_stop?: readonly HookConfig[];
  readonly healthcheck?: HealthcheckConfig;
  /** `null` per network: joined without settings. Absent with a `network_mode`. */
  readonly networks?: Readonly<Record<string, ServiceNetworkConfig | null>>;
  /** `none`, `host`, `bridge`, `service:NAME`, `container:NAME`. */
  readonly network_mode?: string;
  readonly ports: readonly PortConfig[];
  readonly expose?: readonly string[];
  readonly dns?: readonly string[];
  readonly dns_opt?: readonly string[];
  readonly dns_search?: readonly string[];
  /** `HOST=IP`; IP may be `host-gateway`. */
  readonly extra_hosts?: readonly string[];
  readonly mac_address?: string;
  readonly volumes: readonly MountConfig[];
  /** `/path` or `/path:options`. */
  readonly tmpfs?: readonly string[];
  readonly configs?: readonly FileReference[];
  readonly secrets?: readonly FileReference[];
  readonly storage_opt?: StringMap;
  readonly read_only?: boolean;
  readonly shm_size?: Bytes;
  readonly devices?: readonly DeviceConfig[];
  readonly cpus?: number;
  readonly cpu_count?: number;
  readonly cpu_percent?: number;
  readonly cpu_shares?: number;
  readonly cpu_period?: number;
  readonly cpu_quota?: number;
  readonly cpu_rt_period?: number;
  readonly cpu_rt_runtime?: number;
  readonly cpuset?: string;
  readonly mem_limit?: Bytes;
  readonly mem_reservation?: Bytes;
  readonly mem_swappiness?: number;
  readonly memswap_limit?: Bytes;
  readonly pids_limit?: number;
  readonly oom_kill_disable?: boolean;
  readonly oom_score_adj?: number;
  readonly ulimits?: Readonly<Record<string, UlimitConfig>>;
  readonly blkio_config?: BlkioConfig;
  readonly gpus?: readonly DeviceRequest[];
  readonly device_cgroup_rules?: readonly string[];
  readonly privileged?: boolean;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly sysctls?: StringMap;
  readonly cgroup?: string;
  readonly cgroup_parent?: string;
  readonly ipc?: string;
  readonly pid?: string;
  readonly uts?: string;
  readonly userns_mode?: string;
  readonly isolation?: string;
  readonly credential_spec?: Readonly<Record<string, unknown>>;
  readonly use_api_socket?: boolean;
  readonly develop?: Readonly<Record<string, unknown>>;
  readonly deploy?: DeployConfig;
  readonly models?: Readonly<Record<string, { endpoint_var?: string; model_var?: string } | null>>;
  /** `x-tcompose` of the service. */
  readonly tcompose?: { readonly once?: boolean; readonly link_variables?: boolean };
  /** Every other `x-*`. */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export interface BuildConfig {
  readonly context?: string;
  readonly dockerfile?: string;
  readonly dockerfile_inline?: string;
  readonly args?: NullableStringMap;
  readonly target?: string;
  readonly tags?: readonly string[];
  readonly [attribute: string]: unknown;
}

export interface EnvFileConfig {
  readonly path: string;
  readonly required: boolean;
  readonly format?: string;
}

export interface LoggingConfig {
  readonly driver?: string;
  readonly options?: StringMap;
}

export type DependencyCondition = 'service_started' | 'service_healthy' | 'service_completed_successfully';

export interface DependencyConfig {
  readonly condition: DependencyCondition;
  readonly required: boolean;
  readonly restart?: boolean;
}

export interface HookConfig {
  readonly command: readonly string[];
  readonly image?: string;
  readonly user?: string;
  readonly privileged?: boolean;
  readonly working_dir?: string;
  readonly environment?: NullableStringMap;
  readonly per_replica?: boolean;
}

export interface HealthcheckConfig {
  /** `['NONE']`, `['CMD', ...]` or `['CMD-SHELL', text]`; absent: the image's. */
  readonly test?: readonly string[];
  readonly interval?: Nanoseconds;
  readonly timeout?: Nanoseconds;
  readonly retries?: number;
  readonly start_period?: Nanoseconds;
  readonly start_interval?: Nanoseconds;
  readonly disable?: boolean;
}

export interface ServiceNetworkConfig {
  readonly aliases?: readonly string[];
  readonly interface_name?: string;
  readonly ipv4_address?: string;
  readonly ipv6_address?: string;
  readonly link_local_ips?: readonly string[];
  readonly mac_address?: string;
  readonly driver_opts?: StringMap;
  readonly priority?: number;
  readonly gw_priority?: number;
}

export interface PortConfig {
  readonly name?: string;
  readonly mode: string;
  readonly host_ip?: string;
  readonly target: number;
  /** `8080`, `8000-8010`, or absent: any free port. */
  readonly published?: string;
  readonly protocol: string;
  readonly app_protocol?: string;
}

export interface MountConfig {
  readonly type: 'bind' | 'volume' | 'tmpfs' | 'image' | 'npipe' | 'cluster';
  /** Absolute for binds, a key of `volumes` for volumes; absent: anonymous. */
  readonly source?: string;
  readonly target: string;
  readonly read_only?: boolean;
  readonly consistency?: string;
  readonly bind?: {
    readonly propagation?: string;
    readonly create_host_path?: boolean;
    readonly recursive?: string;
    readonly selinux?: string;
  };
  readonly volume?: { readonly nocopy?: boolean; readonly subpath?: string; readonly labels?: StringMap };
  readonly tmpfs?: { readonly size?: Bytes; readonly mode?: number };
  readonly image?: { readonly subpath?: string };
}

export interface FileReference {
  readonly source: string;
  readonly target?: string;
  readonly uid?: string;
  readonly gid?: string;
  readonly mode?: number;
}

export interface DeviceConfig {
  readonly source: string;
  readonly target?: string;
  readonly permissions?: string;
}

export interface UlimitConfig {
  /** Written as one number, for both. */
  readonly single?: boolean;
  readonly soft: number;
  readonly hard: number;
}

export interface BlkioRate {
  readonly path: string;
  readonly rate: number;
}

export interface BlkioConfig {
  readonly weight?: number;
  readonly weight_device?: readonly { readonly path: string; readonly weight: number }[];
  readonly device_read_bps?: readonly BlkioRate[];
  readonly device_write_bps?: readonly BlkioRate[];
  readonly device_read_iops?: readonly BlkioRate[];
  readonly device_write_iops?: readonly BlkioRate[];
}

/** Of `gpus` and of `deploy.resources.reservations.devices`. */
export interface DeviceRequest {
  readonly capabilities?: readonly string[];
  readonly driver?: string;
  /** -1: all. */
  readonly count?: number;
  readonly device_ids?: readonly string[];
  readonly options?: StringMap;
}

export interface ResourceLimit {
  readonly cpus?: number;
  readonly memory?: Bytes;
  readonly pids?: number;
  /** Of reservations. */
  readonly devices?: readonly DeviceRequest[];
  readonly [attribute: string]: unknown;
}

export interface UpdateConfig {
  readonly parallelism?: number;
  readonly delay?: Nanoseconds;
  readonly failure_action?: string;
  readonly monitor?: Nanoseconds;
  readonly max_failure_ratio?: number;
  readonly order?: string;
}

export interface DeployConfig {
  readonly mode?: string;
  readonly replicas?: number;
  readonly labels?: StringMap;
  readonly update_config?: UpdateConfig;
  readonly rollback_config?: UpdateConfig;
  readonly resources?: { readonly limits?: ResourceLimit; readonly reservations?: ResourceLimit };
  readonly restart_policy?: {
    readonly condition?: string;
    readonly delay?: Nanoseconds;
    readonly max_attempts?: number;
    readonly window?: Nanoseconds;
  };
  readonly placement?: Readonly<Record<string, unknown>>;
  readonly endpoint_mode?: string;
}
