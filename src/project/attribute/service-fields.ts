// The attributes of a service with their types, in the order of canonical output. Source: compose-spec 05-services.md,
// build.md, deploy.md, develop.md; order and emptiness as `docker compose config` prints them.

import { buildFields } from './build-fields.ts';
import {
  bytes,
  type Codec,
  duration,
  type Fields,
  flag,
  float,
  integer,
  list,
  map,
  nullable,
  optOut,
  statedDuration,
  statedFlag,
  text,
  verbatim,
} from './codec.ts';
import { deployFields, deviceRequest } from './deploy-fields.ts';
import {
  command,
  fileReference,
  healthTest,
  microseconds,
  mountMode,
  pidMode,
  textOrTexts,
  ulimit,
} from './field-codecs.ts';
import { struct } from './struct-codec.ts';

const texts = list(text);
const textMap = map(text);
const nullableMap = map(nullable(text));
/** The Go type keeps the number single; zero is left out. */
const count = integer();
const statedCount = integer({ min: 0, stated: true });

const rates = list(struct({ path: text, rate: bytes }, { whenEmpty: 'always' }));

const blkioConfig: Fields = {
  weight: integer({ min: 0, max: 1000 }),
  weight_device: list(struct({ path: text, weight: count }, { whenEmpty: 'always' })),
  device_read_bps: rates,
  device_read_iops: rates,
  device_write_bps: rates,
  device_write_iops: rates,
};

const ulimits = map(ulimit);

const hook: Fields = {
  command,
  image: text,
  user: text,
  privileged: flag,
  working_dir: text,
  environment: nullableMap,
  per_replica: flag,
};

const develop: Fields = {
  watch: list(
    struct({
      path: text,
      action: text,
      target: text,
      exec: struct(hook, { whenEmpty: 'json' }),
      include: texts,
      ignore: texts,
      initial_sync: flag,
    }),
  ),
};

const healthcheck: Fields = {
  test: healthTest,
  timeout: statedDuration,
  interval: statedDuration,
  retries: statedCount,
  start_period: statedDuration,
  start_interval: statedDuration,
  disable: flag,
};

const serviceNetwork = struct(
  {
    aliases: texts,
    driver_opts: textMap,
    gw_priority: count,
    interface_name: text,
    ipv4_address: text,
    ipv6_address: text,
    link_local_ips: texts,
    mac_address: text,
    priority: count,
  },
  { whenEmpty: 'always' },
);

const port: Fields = {
  name: text,
  mode: text,
  host_ip: text,
  target: integer({ min: 1, max: 65535 }),
  published: text,
  protocol: text,
  app_protocol: text,
};

const mount: Fields = {
  type: text,
  source: text,
  target: text,
  read_only: flag,
  consistency: text,
  bind: struct(
    { selinux: text, propagation: text, create_host_path: optOut, recursive: text },
    { whenEmpty: 'always' },
  ),
  volume: struct({ labels: textMap, nocopy: flag, subpath: text }, { whenEmpty: 'always' }),
  tmpfs: struct({ size: bytes, mode: mountMode }, { whenEmpty: 'always' }),
  image: struct({ subpath: text }, { whenEmpty: 'always' }),
};

const always = (fields: Fields): Codec => struct(fields, { whenEmpty: 'always' });

export const serviceFields: Fields = {
  profiles: texts,
  annotations: textMap,
  attach: statedFlag,
  build: always(buildFields),
  develop: always(develop),
  blkio_config: always(blkioConfig),
  cap_add: texts,
  cap_drop: texts,
  cgroup_parent: text,
  cgroup: text,
  cpu_count: count,
  cpu_percent: float({ min: 0, max: 100 }),
  cpu_period: microseconds,
  cpu_quota: microseconds,
  cpu_rt_period: microseconds,
  cpu_rt_runtime: microseconds,
  cpus: float({ min: 0 }),
  cpuset: text,
  cpu_shares: count,
  command,
  configs: list(fileReference),
  container_name: text,
  credential_spec: always({ config: text, file: text, registry: text }),
  depends_on: map(always({ condition: text, restart: flag, required: statedFlag })),
  deploy: always(deployFields),
  device_cgroup_rules: texts,
  devices: list(always({ source: text, target: text, permissions: text })),
  dns: texts,
  dns_opt: texts,
  dns_search: texts,
  domainname: text,
  entrypoint: command,
  provider: always({ type: text, options: map(textOrTexts) }),
  environment: nullableMap,
  env_file: list(always({ path: text, required: optOut, format: text })),
  expose: texts,
  external_links: texts,
  extra_hosts: texts,
  group_add: texts,
  gpus: list(deviceRequest),
  hostname: text,
  healthcheck: always(healthcheck),
  image: text,
  init: statedFlag,
  ipc: text,
  isolation: text,
  labels: textMap,
  label_file: texts,
  links: texts,
  logging: always({ driver: text, options: textMap }),
  mem_limit: bytes,
  mem_reservation: bytes,
  memswap_limit: bytes,
  mem_swappiness: bytes,
  mac_address: text,
  models: map(nullable(always({ endpoint_var: text, model_var: text }))),
  network_mode: text,
  networks: map(nullable(serviceNetwork)),
  oom_kill_disable: flag,
  oom_score_adj: integer({ min: -1000, max: 1000 }),
  pid: pidMode,
  pids_limit: count,
  platform: text,
  ports: list(always(port)),
  privileged: flag,
  pull_policy: text,
  read_only: flag,
  restart: text,
  runtime: text,
  scale: integer({ stated: true }),
  secrets: list(fileReference),
  security_opt: texts,
  shm_size: bytes,
  stdin_open: flag,
  stop_grace_period: statedDuration,
  stop_signal: text,
  storage_opt: textMap,
  sysctls: textMap,
  tmpfs: texts,
  tty: flag,
  ulimits,
  use_api_socket: flag,
  user: text,
  userns_mode: text,
  uts: text,
  volumes: list(always(mount)),
  volumes_from: texts,
  working_dir: text,
  pre_start: list(always(hook)),
  post_start: list(always(hook)),
  pre_stop: list(always(hook)),
  pull_refresh_after: duration,
  extends: verbatim,
};
