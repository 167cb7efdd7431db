import { describe, expect, it } from 'vitest';
import type { SourcePosition } from '../../../src/base/error.ts';
import type { ProjectModel } from '../../../src/project/model.ts';
import { ATTRIBUTE_GROUPS, findAttribute, hasAttributesBelow } from '../../../src/runtime/attributes.ts';
import { findIgnored, findUnsupported } from '../../../src/runtime/unsupported.ts';

/** Positions that show the path: the column is its length. */
const positions = {
  at: (path: readonly (string | number)[]): SourcePosition => ({
    file: `/${path.join('/')}`,
    line: 1,
    col: path.length,
  }),
};

function model(service: object): ProjectModel {
  const web = {
    name: 'web',
    command: null,
    entrypoint: null,
    environment: {},
    labels: {},
    depends_on: {},
    ports: [],
    volumes: [],
    ...service,
  };
  return { services: { web }, disabledServices: {}, positions } as unknown as ProjectModel;
}

const errors = (service: object) =>
  findUnsupported(model(service)).map((error) => [
    error.code,
    error.message,
    error.source?.file.slice('/services/web/'.length),
  ]);

describe('another runtime', () => {
  it('is a matter of the host, but for shims', () => {
    for (const runtime of ['runc', 'anything', '/usr/bin/crun', 'io.containerd.runc.v2', ''])
      expect(errors({ runtime })).toEqual([]);
    expect(errors({ runtime: 'io.containerd.kata.v2' })).toEqual([
      ['not-supported-yet', 'services.web.runtime: "io.containerd.kata.v2" is not supported yet', 'runtime'],
    ]);
  });

  it.each([
    ['a user namespace', { userns_mode: 'auto' }],
    ['`pid: service:db`', { pid: 'service:db' }],
    ['`ipc: container:x`', { ipc: 'container:x' }],
    ['`uts: service:db`', { uts: 'service:db' }],
  ])('is not combined with %s', (what, service) => {
    expect(errors({ runtime: 'runc', ...service })).toEqual([
      ['not-supported-yet', `services.web.runtime: "runc" cannot be combined with ${what}`, 'runtime'],
    ]);
    expect(errors({ runtime: 'io.containerd.runc.v2', ...service })).toEqual([]);
  });

  it('may share namespaces with the host, and the network with anybody', () => {
    const shared = { pid: 'host', ipc: 'host', uts: 'host', network_mode: 'service:db' };
    expect(errors({ runtime: 'runc', ...shared })).toEqual([]);
  });
});

describe('a user namespace', () => {
  it('is asked for by auto and private, and by nothing else', () => {
    for (const userns_mode of ['auto', 'private', 'host', '']) expect(errors({ userns_mode })).toEqual([]);
    expect(errors({ userns_mode: 'keep-id' })).toEqual([
      ['not-supported-yet', 'services.web.userns_mode: "keep-id" is not supported yet', 'userns_mode'],
    ]);
  });

  it.each([
    ['`privileged`', { privileged: true }],
    ['`network_mode: host`', { network_mode: 'host' }],
    ['`pid: host`', { pid: 'host' }],
    ['`ipc: host`', { ipc: 'host' }],
    ['`uts: host`', { uts: 'host' }],
    [
      '`bind.propagation: shared`',
      { volumes: [{ type: 'bind', source: '/x', target: '/x', bind: { propagation: 'rshared' } }] },
    ],
  ])('is not combined with %s', (what, service) => {
    expect(errors({ userns_mode: 'auto', ...service })).toEqual([
      [
        'invalid-value',
        `services.web.userns_mode: a user namespace cannot be combined with ${what}`,
        'userns_mode',
      ],
    ]);
    expect(errors({ userns_mode: 'host', ...service })).toEqual([]);
  });
});

describe('the table', () => {
  // compose-spec 05-services.md and deploy.md; `extends` never reaches the model.
  const names =
    `image pull_policy pull_refresh_after platform build command entrypoint working_dir user group_add init tty
    stdin_open stop_signal stop_grace_period restart runtime environment env_file container_name hostname domainname labels
    label_file annotations profiles attach scale logging depends_on links external_links volumes_from extends provider
    pre_start post_start pre_stop healthcheck networks network_mode ports expose dns dns_opt dns_search extra_hosts
    mac_address volumes tmpfs configs secrets storage_opt read_only shm_size devices cpus cpu_count cpu_percent cpu_shares
    cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpuset mem_limit mem_reservation mem_swappiness memswap_limit
    pids_limit oom_kill_disable oom_score_adj ulimits blkio_config gpus device_cgroup_rules privileged cap_add cap_drop
    security_opt sysctls cgroup cgroup_parent ipc pid uts userns_mode isolation credential_spec use_api_socket develop
    deploy models`.split(/\s+/);

  it('has every attribute of the specification, once', () => {
    for (const name of names) {
      expect(findAttribute(name) !== undefined || hasAttributesBelow(name), name).toBe(true);
    }
    const paths = Object.values(ATTRIBUTE_GROUPS)
      .flat()
      .map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths.filter((path) => !names.includes(path.split('.')[0] ?? ''))).toEqual([]);
  });

  it('says why where it warns', () => {
    const warned = Object.values(ATTRIBUTE_GROUPS)
      .flat()
      .filter(({ support }) => support === 'warned');
    expect(warned.length).toBeGreaterThan(5);
    for (const { path, note } of warned) expect(note, path).toBeTruthy();
  });
});

describe('findUnsupported', () => {
  it('has nothing against a plain service', () => {
    expect(
      errors({
        image: 'host',
        user: 'app:staff',
        network_mode: 'service:db',
        restart: 'on-failure:3',
        stop_signal: 'SIGRTMIN+3',
        platform: process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64',
        volumes: [{ type: 'bind', source: '/a', target: '/b', bind: { create_host_path: true } }],
        tmpfs: ['/run', '/tmp:size=1m'],
        logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
        cap_add: ['ALL'],
        security_opt: ['no-new-privileges', 'seccomp:unconfined'],
        sysctls: { 'net.core.somaxconn': '1' },
        ulimits: { nofile: { soft: 1, hard: -1 } },
        deploy: { replicas: 2, resources: { limits: { cpus: 1 } } },
      }),
    ).toEqual([]);
  });

  it.each([[{ count: -1 }], [{ count: 1 }], [{ device_ids: ['0'] }], [{ driver: 'nvidia', count: 1 }]])(
    'takes gpus: %j, which are GPUs by themselves',
    (request) => expect(errors({ gpus: [request] })).toEqual([]),
  );

  it('names what is not supported yet, with its place', () => {
    expect(
      errors({
        gpus: [{ driver: 'x' }],
        deploy: { resources: { reservations: { devices: [{}] } } },
      }),
    ).toEqual([
      ['not-supported-yet', 'services.web.gpus: the driver "x" is not known', 'gpus/0'],
      [
        'not-supported-yet',
        'services.web.deploy.resources.reservations.devices: names no capability that is known',
        'deploy/resources/reservations/devices/0',
      ],
    ]);
  });

  it('looks below user-chosen keys', () => {
    expect(
      errors({ networks: { back: { aliases: ['x'], link_local_ips: ['10.0.0.1'] }, front: null } }),
    ).toEqual([
      [
        'invalid-value',
        'services.web.networks.back.link_local_ips: "10.0.0.1" is not a link-local address',
        'networks/back/link_local_ips/0',
      ],
    ]);
  });

  it('does not mind what is said to be unwanted', () => {
    expect(
      errors({
        privileged: false,
        devices: [],
        pre_start: [],
        models: {},
        oom_kill_disable: false,
        gpus: undefined,
      }),
    ).toEqual([]);
  });

  it.each([
    [{ network_mode: 'cni' }, 'network_mode', 'not-supported-yet'],
    [{ network_mode: 'container:x', ports: [{ target: 80 }] }, 'network_mode', 'invalid-value'],
    [{ ipc: 'mine' }, 'ipc', 'invalid-value'],
    [{ pid: 'shareable' }, 'pid', 'invalid-value'],
    [{ uts: 'host', hostname: 'x' }, 'uts', 'invalid-value'],
    [{ runtime: 'io.containerd.runsc.v1' }, 'runtime', 'not-supported-yet'],
    [{ logging: { driver: 'fluentd' } }, 'logging/driver', 'not-supported-yet'],
    [{ logging: { options: { tags: 'x' } } }, 'logging/options/tags', 'not-supported-yet'],
    [{ logging: { options: { 'max-size': 'big' } } }, 'logging/options/max-size', 'invalid-value'],
    [{ logging: { options: { 'max-file': '0' } } }, 'logging/options/max-file', 'invalid-value'],
    [{ volumes: [{ type: 'cluster', source: 'x', target: '/x' }] }, 'volumes/0/type', 'not-supported-yet'],
    [{ volumes: [{ type: 'volume', target: 'x' }] }, 'volumes/0', 'invalid-value'],
    [{ tmpfs: ['/run', '/tmp:size'] }, 'tmpfs/1', 'invalid-value'],
    [{ tmpfs: ['run'] }, 'tmpfs/0', 'invalid-value'],
    [{ user: '1000:' }, 'user', 'invalid-value'],
    [{ stop_signal: 'SIGNOPE' }, 'stop_signal', 'invalid-value'],
    [
      { deploy: { update_config: { failure_action: 'retry' } } },
      'deploy/update_config/failure_action',
      'invalid-value',
    ],
    [
      { deploy: { rollback_config: { failure_action: 'rollback' } } },
      'deploy/rollback_config/failure_action',
      'invalid-value',
    ],
    [
      { deploy: { update_config: { max_failure_ratio: 1.5 } } },
      'deploy/update_config/max_failure_ratio',
      'invalid-value',
    ],
    [{ deploy: { update_config: { delay: -1 } } }, 'deploy/update_config/delay', 'invalid-value'],
    [{ restart: 'sometimes' }, 'restart', 'invalid-value'],
    [{ cap_add: ['CHOWN', 'NET_ROW'] }, 'cap_add/1', 'invalid-value'],
    [{ cap_drop: ['X'] }, 'cap_drop/0', 'invalid-value'],
    [{ security_opt: ['no-new-privileges', 'credentialspec=x'] }, 'security_opt/1', 'not-supported-yet'],
    [{ sysctls: { 'vm.swappiness': '1' } }, 'sysctls/vm.swappiness', 'invalid-value'],
    [
      { sysctls: { 'net.core.somaxconn': '1' }, network_mode: 'host' },
      'sysctls/net.core.somaxconn',
      'invalid-value',
    ],
    [{ ulimits: { files: { soft: 1, hard: 1 } } }, 'ulimits/files', 'invalid-value'],
    [{ ulimits: { nofile: { soft: 2, hard: 1 } } }, 'ulimits/nofile', 'invalid-value'],
    [{ deploy: { mode: 'global' } }, 'deploy/mode', 'not-supported-yet'],
    [
      { deploy: { resources: { limits: { memory: 1024 } } } },
      'deploy/resources/limits/memory',
      'invalid-value',
    ],
    [{ mem_limit: 1 << 20 }, 'mem_limit', 'invalid-value'],
    [{ mem_limit: 64 << 20, memswap_limit: 32 << 20 }, 'memswap_limit', 'invalid-value'],
    [{ cpus: 0.001 }, 'cpus', 'invalid-value'],
    [{ hostname: 'x'.repeat(65) }, 'hostname', 'invalid-value'],
    [{ hostname: 'a b' }, 'hostname', 'invalid-value'],
    [{ working_dir: 'srv' }, 'working_dir', 'invalid-value'],
    [{ command: ['echo', 'a\0b'] }, 'command/1', 'invalid-value'],
    [{ environment: { A: 'x', 'B\0': null } }, 'environment/B\0', 'invalid-value'],
    [{ healthcheck: { test: ['curl', 'localhost'] } }, 'healthcheck/test', 'invalid-value'],
    [{ healthcheck: { test: ['CMD'] } }, 'healthcheck/test', 'invalid-value'],
    [{ network_mode: 'service:db', ports: [{ target: 80 }] }, 'network_mode', 'invalid-value'],
    [{ cpus: 1, cpu_quota: 5000 }, 'cpus', 'invalid-value'],
    [{ cpu_period: 500 }, 'cpu_period', 'invalid-value'],
    [{ cpu_quota: 500 }, 'cpu_quota', 'invalid-value'],
    [{ cpu_rt_period: 1000, cpu_rt_runtime: 2000 }, 'cpu_rt_runtime', 'invalid-value'],
    [{ cpuset: 'all' }, 'cpuset', 'invalid-value'],
    [{ memswap_limit: 64 << 20 }, 'memswap_limit', 'invalid-value'],
    [{ mem_limit: 64 << 20, mem_reservation: 65 << 20 }, 'mem_reservation', 'invalid-value'],
    [{ mem_swappiness: 101 }, 'mem_swappiness', 'invalid-value'],
    [{ oom_score_adj: -1001 }, 'oom_score_adj', 'invalid-value'],
    [{ cgroup_parent: '/a/../b' }, 'cgroup_parent', 'invalid-value'],
    [{ blkio_config: { weight: 9 } }, 'blkio_config/weight', 'invalid-value'],
    [
      { blkio_config: { device_read_bps: [{ path: 'sda', rate: 1 }] } },
      'blkio_config/device_read_bps/0',
      'invalid-value',
    ],
    [{ network_mode: 'service:db', extra_hosts: ['a=1.2.3.4'] }, 'network_mode', 'invalid-value'],
  ])('%j', (service, place, code) => {
    expect(errors(service)).toEqual([[code, expect.any(String), place]]);
  });
});

describe('findIgnored', () => {
  it('says what has no effect and why', () => {
    const warnings = findIgnored(model({ cpu_count: 2, deploy: { placement: { constraints: ['x'] } } }));
    expect(warnings).toEqual([
      {
        code: 'attribute-ignored',
        message: 'services.web.cpu_count has no effect: it exists on Windows only',
        source: expect.objectContaining({ file: '/services/web/cpu_count' }),
      },
      expect.objectContaining({ message: expect.stringContaining('single host') }),
    ]);
  });

  it('says what an OOM killer that is turned off can do', () => {
    const messages = (service: object) => findIgnored(model(service)).map(({ message }) => message);
    expect(messages({ oom_kill_disable: true, mem_limit: 64 << 20 })).toEqual([]);
    expect(messages({ oom_kill_disable: true })[0]).toContain('no memory limit is set');
  });

  it('says that no driver fetches a secret or fills in a template', () => {
    const used = model({ secrets: [{ source: 's' }], configs: [{ source: 'c' }] });
    const secrets = { s: { name: 's', driver: 'vault' }, unused: { name: 'u', driver: 'vault' } };
    const configs = { c: { name: 'c', template_driver: 'golang' } };
    expect(findIgnored({ ...used, secrets, configs }).map(({ message }) => message)).toEqual([
      'configs.c.template_driver has no effect: contents are taken as they are',
      'secrets.s.driver has no effect: contents are taken as they are',
    ]);
  });

  it('says that a network of the host publishes nothing', () => {
    const service = { network_mode: 'host', ports: [{ target: 80 }] };
    expect(errors(service)).toEqual([]);
    expect(findIgnored(model(service)).map(({ message }) => message)).toEqual([
      'services.web.network_mode: with "host" no port is published: `ports` has no effect',
    ]);
  });
});
