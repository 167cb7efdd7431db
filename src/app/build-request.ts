// A service's `build:` as a request to the engine. Pure. Source: compose-spec, build.md.

import { TcError } from '../base/error.ts';
import type { BuildRequest, SecretSource } from '../engine/ports.ts';
import type { ProjectModel } from '../project/model.ts';
import type { BuildConfig, FileReference, ServiceConfig, UlimitConfig } from '../project/service-config.ts';

/** What the command line adds to every build. */
export interface BuildChanges {
  /** `NAME=value`, or a name whose value is the environment's. */
  readonly args: readonly string[];
  readonly noCache: boolean;
  readonly pull: boolean;
  /** `default`, or `id=socket`. */
  readonly ssh: readonly string[];
  /** As in `build.cache_from` and `build.cache_to`, beside those. */
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly string[];
  /** Instead of what the services say. */
  readonly platforms?: readonly string[];
  /** To be run here: an image for one platform will do. */
  readonly onlyToRun?: boolean;
  /** Bytes: the most that a step may use. */
  readonly memory?: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function toBuildRequest(
  service: ServiceConfig & { readonly build: BuildConfig },
  model: ProjectModel,
  changes: BuildChanges,
): BuildRequest {
  const { build, name } = service;
  const texts = (key: string) => (build[key] as readonly string[] | undefined) ?? [];
  const map = (key: string) => (build[key] as Readonly<Record<string, string>> | undefined) ?? {};
  const platforms = choosePlatforms(service, changes);
  const shmSize = build['shm_size'] as number | undefined;
  return {
    name,
    context: build.context ?? '.',
    dockerfile:
      build.dockerfile_inline === undefined
        ? { path: build.dockerfile ?? 'Dockerfile' }
        : { inline: build.dockerfile_inline },
    ...(build.target === undefined ? {} : { target: build.target }),
    args: resolveArgs(build, changes),
    labels: {
      ...map('labels'),
      'com.docker.compose.project': model.name,
      'com.docker.compose.service': name,
    },
    tags: [imageNameOf(service, model), ...(build.tags ?? [])],
    namedContexts: map('additional_contexts'),
    secrets: resolveSecrets(build, model),
    ssh: resolveAgents(build, changes),
    network: resolveNetwork(service),
    entitlements: [...texts('entitlements'), ...(build['privileged'] === true ? ['security.insecure'] : [])],
    extraHosts: texts('extra_hosts'),
    ...(shmSize === undefined ? {} : { shmSize }),
    ...(changes.memory === undefined ? {} : { memory: changes.memory }),
    ulimits: resolveUlimits(build),
    ...(platforms.length > 0 && { platforms }),
    noCache: changes.noCache || build['no_cache'] === true ? 'all' : texts('no_cache_filter'),
    pull: changes.pull || build['pull'] === true,
    directory: model.workingDir,
    cacheFrom: [...texts('cache_from'), ...changes.cacheFrom],
    cacheTo: [...texts('cache_to'), ...changes.cacheTo],
  };
}

/** What a service's image is called that names none itself. */
export function imageNameOf(service: ServiceConfig, { name }: Pick<ProjectModel, 'name'>): string {
  return service.image ?? `${name}-${service.name}`;
}

export function resolveArgs(
  build: BuildConfig,
  { args, environment }: Pick<BuildChanges, 'args' | 'environment'>,
): Record<string, string> {
  const own = Object.entries(build.args ?? {}).flatMap(([name, value]) =>
    value === null ? [] : [[name, value]],
  );
  const given = args.flatMap((text) => {
    const [, name = text, value] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    const result = value ?? environment[name];
    return result === undefined ? [] : [[name, result]];
  });
  return Object.fromEntries([...own, ...given]);
}

function resolveSecrets(build: BuildConfig, { secrets }: ProjectModel): Record<string, SecretSource> {
  const references = (build['secrets'] as readonly FileReference[] | undefined) ?? [];
  return Object.fromEntries(
    references.flatMap(({ source, target }): [string, SecretSource][] => {
      const object = secrets[source];
      const id = target ?? source;
      if (object?.file !== undefined) return [[id, { file: object.file }]];
      if (object?.environment !== undefined) return [[id, { environment: object.environment }]];
      return object?.content === undefined ? [] : [[id, { content: object.content }]];
    }),
  );
}

/** An id without a socket means the caller's agent. */
function resolveAgents(build: BuildConfig, { ssh, environment }: BuildChanges): Record<string, string> {
  const own = Object.entries((build['ssh'] as Readonly<Record<string, string | null>> | undefined) ?? {});
  const given = ssh.map((text): [string, string | null] => {
    const [id = 'default', socket] = text.split(/=(.*)/s);
    return [id, socket ?? null];
  });
  return Object.fromEntries(
    [...own, ...given].map(([id, socket]) => [id, socket ?? agentOf(id, environment['SSH_AUTH_SOCK'])]),
  );
}

function agentOf(id: string, socket: string | undefined): string {
  if (socket) return socket;
  throw new TcError(`the build asks for the SSH agent "${id}", and SSH_AUTH_SOCK is not set`, {
    code: 'build-secret',
    hints: ['start an agent (eval $(ssh-agent)) and add the key to it'],
  });
}

function resolveNetwork({ name, build }: ServiceConfig): BuildRequest['network'] {
  const network = (build?.['network'] as string | undefined) ?? 'default';
  if (network === 'default' || network === 'none' || network === 'host') return network;
  throw new TcError(`service ${name}: build.network "${network}" is not supported`, {
    code: 'build-network',
    hints: ['commands of a build run on a network of their own: write default, none or host'],
  });
}

function resolveUlimits(build: BuildConfig): BuildRequest['ulimits'] {
  const ulimits = Object.entries(
    (build['ulimits'] as Readonly<Record<string, UlimitConfig>> | undefined) ?? {},
  );
  return Object.fromEntries(ulimits.map(([name, { soft, hard }]) => [name, { soft, hard }]));
}

/**
 * None: this machine's. Of several that an image is built for, running it takes one: the service's, or else whichever
 * runs here (docker compose, cmd/compose/options.go).
 */
export function choosePlatforms(
  service: ServiceConfig,
  { environment, onlyToRun = false, platforms: asked = [] }: PlatformChoice,
): readonly string[] {
  if (asked.length > 0) return asked;
  const listed = (service.build?.['platforms'] as readonly string[] | undefined) ?? [];
  const platform = platformOf(service, environment);
  const isListed = platform === undefined || listed.length === 0 || listed.includes(platform);
  // Of `platform:` the files are checked when they are loaded.
  if (!isListed && service.platform === undefined) throw refuseDefault(service, platform, listed);
  if (platform !== undefined && (onlyToRun || listed.length === 0)) return [platform];
  return onlyToRun && listed.length > 1 ? [] : listed;
}

type PlatformChoice = Pick<BuildChanges, 'environment' | 'onlyToRun' | 'platforms'>;

/** That the service is run for; undefined: this machine's. */
export function platformOf(
  { platform }: ServiceConfig,
  environment: BuildChanges['environment'],
): string | undefined {
  return platform ?? (environment['DOCKER_DEFAULT_PLATFORM'] || undefined);
}

function refuseDefault({ name }: ServiceConfig, platform: string, listed: readonly string[]): TcError {
  const message = `service ${name} is built for ${listed.join(', ')}, and DOCKER_DEFAULT_PLATFORM asks for ${platform}`;
  return new TcError(message, {
    code: 'build-platform',
    hints: [`add ${platform} to build.platforms of the service, or give it a platform of its own`],
  });
}

/** What `build:` may say and a build does not do yet. */
export function listUnused({ build }: ServiceConfig): readonly string[] {
  const isAsked = (key: string) => ![undefined, '', 'false'].includes(build?.[key] as string | undefined);
  return ['provenance', 'sbom', 'isolation'].filter(isAsked);
}
