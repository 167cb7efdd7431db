import { describe, expect, it } from 'vitest';
import { choosePlatforms, listUnused, toBuildRequest } from '../../../src/app/build-request.ts';
import type { ProjectModel } from '../../../src/project/model.ts';
import type { BuildConfig, ServiceConfig } from '../../../src/project/service-config.ts';

const changes = {
  args: [],
  noCache: false,
  pull: false,
  ssh: [],
  cacheFrom: [],
  cacheTo: [],
  environment: {},
};
const model = (secrets = {}) => ({ name: 'demo', workingDir: '/src', secrets }) as unknown as ProjectModel;
const service = (build: BuildConfig, more: Partial<ServiceConfig> = {}) =>
  ({ name: 'web', build: { context: '/src', ...build }, ...more }) as ServiceConfig & { build: BuildConfig };

describe('a build as a request', () => {
  it('has the defaults of Compose', () => {
    expect(toBuildRequest(service({ dockerfile: 'Dockerfile' }), model(), changes)).toEqual({
      name: 'web',
      context: '/src',
      dockerfile: { path: 'Dockerfile' },
      args: {},
      labels: { 'com.docker.compose.project': 'demo', 'com.docker.compose.service': 'web' },
      tags: ['demo-web'],
      namedContexts: {},
      secrets: {},
      ssh: {},
      network: 'default',
      entitlements: [],
      extraHosts: [],
      ulimits: {},
      noCache: [],
      pull: false,
      directory: '/src',
      cacheFrom: [],
      cacheTo: [],
    });
  });

  it('takes all that the file says', () => {
    const build = {
      dockerfile_inline: 'FROM x',
      target: 't',
      args: { A: '1', UNSET: null },
      labels: { l: 'm' },
      tags: ['more:1'],
      additional_contexts: { base: 'service:base' },
      network: 'none',
      entitlements: ['network.host'],
      privileged: true,
      extra_hosts: ['db=10.0.0.1'],
      shm_size: 7,
      ulimits: { nofile: { soft: 1, hard: 2, single: false } },
      platforms: ['linux/arm64'],
      no_cache_filter: ['stage'],
      pull: true,
      secrets: [{ source: 'a' }, { source: 'b', target: 'renamed' }, { source: 'c' }],
    };
    const secrets = { a: { file: '/a' }, b: { environment: 'B' }, c: { content: 'x' } };
    expect(toBuildRequest(service(build, { image: 'named:1' }), model(secrets), changes)).toMatchObject({
      dockerfile: { inline: 'FROM x' },
      target: 't',
      args: { A: '1' },
      tags: ['named:1', 'more:1'],
      namedContexts: { base: 'service:base' },
      network: 'none',
      entitlements: ['network.host', 'security.insecure'],
      extraHosts: ['db=10.0.0.1'],
      shmSize: 7,
      ulimits: { nofile: { soft: 1, hard: 2 } },
      platforms: ['linux/arm64'],
      noCache: ['stage'],
      pull: true,
      secrets: { a: { file: '/a' }, renamed: { environment: 'B' }, c: { content: 'x' } },
    });
  });

  it('lets the command line go first', () => {
    const environment = { FROM_ENV: 'e', SSH_AUTH_SOCK: '/agent' };
    const given = {
      ...changes,
      args: ['A=2', 'FROM_ENV', 'NOWHERE'],
      noCache: true,
      ssh: ['default', 'own=/s'],
      environment,
    };
    expect(toBuildRequest(service({ args: { A: '1' } }), model(), given)).toMatchObject({
      args: { A: '2', FROM_ENV: 'e' },
      ssh: { default: '/agent', own: '/s' },
      noCache: 'all',
    });
  });

  it('refuses what cannot be done', () => {
    const request = (build: BuildConfig) => () => toBuildRequest(service(build), model(), changes);
    expect(request({ network: 'backend' })).toThrow('build.network "backend" is not supported');
    expect(request({ ssh: { default: null } })).toThrow('SSH_AUTH_SOCK is not set');
  });

  it('names what has no effect', () => {
    expect(listUnused(service({ provenance: 'false', sbom: 'true' }))).toEqual(['sbom']);
  });
});

/** What Docker Compose does: cmd/compose/options.go. */
describe('platforms of a build', () => {
  const both = ['linux/amd64', 'linux/arm64'];
  const choose = (
    { platform, platforms }: { platform?: string; platforms?: string[] },
    choice: { onlyToRun?: boolean; platforms?: string[]; default?: string } = {},
  ) => {
    const { default: preset, ...rest } = choice;
    const environment = preset === undefined ? {} : { DOCKER_DEFAULT_PLATFORM: preset };
    const more = platform === undefined ? {} : { platform };
    return choosePlatforms(service(platforms ? { platforms } : {}, more), { ...rest, environment });
  };

  it('are those that are listed, whatever the service is run for', () => {
    expect(choose({})).toEqual([]);
    expect(choose({ platforms: both })).toEqual(both);
    expect(choose({ platforms: both, platform: 'linux/arm64' })).toEqual(both);
    expect(choose({ platform: 'linux/arm64' })).toEqual(['linux/arm64']);
    expect(choose({}, { default: 'linux/arm64' })).toEqual(['linux/arm64']);
  });

  it('are one where the image is only to be run', () => {
    const onlyToRun = true;
    expect(choose({ platforms: both }, { onlyToRun })).toEqual([]);
    expect(choose({ platforms: ['linux/arm64'] }, { onlyToRun })).toEqual(['linux/arm64']);
    expect(choose({ platforms: both, platform: 'linux/arm64' }, { onlyToRun })).toEqual(['linux/arm64']);
    expect(choose({ platforms: both }, { onlyToRun, default: 'linux/arm64' })).toEqual(['linux/arm64']);
  });

  it('are those of the command line before all', () => {
    expect(choose({ platforms: both }, { platforms: ['linux/s390x'] })).toEqual(['linux/s390x']);
  });

  it('must have that of DOCKER_DEFAULT_PLATFORM among them, unless the service has one of its own', () => {
    expect(() => choose({ platforms: both }, { default: 'linux/s390x' })).toThrow(
      'service web is built for linux/amd64, linux/arm64, and DOCKER_DEFAULT_PLATFORM asks for linux/s390x',
    );
    expect(choose({ platforms: both, platform: 'linux/arm64' }, { default: 'linux/s390x' })).toEqual(both);
  });
});
