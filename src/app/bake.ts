// A build as a bake file, as `docker compose build --print` writes it. Pure.

import { join } from 'node:path';
import type { ProjectModel } from '../project/model.ts';
import type { BuildConfig, FileReference, ServiceConfig, UlimitConfig } from '../project/service-config.ts';
import type { BuildChanges } from './build-request.ts';
import { choosePlatforms, imageNameOf, resolveArgs } from './build-request.ts';

type Buildable = ServiceConfig & { readonly build: BuildConfig };

export interface BakeOptions extends BuildChanges {
  readonly push: boolean;
  readonly check: boolean;
}

/** `built`: the services that would be; every other one with a `build:` is a target too, as contexts may name it. */
export function formatBake(
  built: readonly Buildable[],
  all: readonly Buildable[],
  model: ProjectModel,
  options: BakeOptions,
): object {
  const names = nameTargets(all);
  return {
    group: { default: { targets: built.map(({ name }) => names.get(name)) } },
    target: Object.fromEntries(
      all.map((service) => [names.get(service.name), describeTarget(service, { names, model, options })]),
    ),
  };
}

/** A dot is not allowed in the name of a target. */
function nameTargets(services: readonly Buildable[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { name } of [...services].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    let target = name.replaceAll('.', '_');
    while ([...names.values()].includes(target)) target += '_';
    names.set(name, target);
  }
  return names;
}

interface BakeContext {
  readonly names: ReadonlyMap<string, string>;
  readonly model: ProjectModel;
  readonly options: BakeOptions;
}

/** In the order of Docker Compose; what says nothing is left out. */
function describeTarget(service: Buildable, { names, model, options }: BakeContext): object {
  const { build, name } = service;
  const context = build.context ?? '.';
  const platforms = choosePlatforms(service, options);
  const list = (key: string) => (build[key] as readonly string[] | undefined) ?? [];
  const map = (key: string) => (build[key] as Readonly<Record<string, string>> | undefined) ?? {};
  const target = {
    context,
    contexts: mapValues(map('additional_contexts'), (value) =>
      value.startsWith('service:') ? `target:${names.get(value.slice('service:'.length))}` : value,
    ),
    dockerfile: build.dockerfile_inline === undefined ? placeDockerfile(context, build.dockerfile) : '',
    'dockerfile-inline': escapeVariables(build.dockerfile_inline ?? ''),
    args: mapValues(resolveArgs(build, options), escapeVariables),
    labels: {
      ...map('labels'),
      'com.docker.compose.project': model.name,
      'com.docker.compose.service': name,
    },
    tags: [...(build.tags ?? []), imageNameOf(service, model)],
    'cache-from': [...list('cache_from'), ...options.cacheFrom],
    'cache-to': [...list('cache_to'), ...options.cacheTo],
    target: build.target ?? '',
    secret: describeSecrets(build, model),
    ssh: describeAgents(build, options),
    platforms,
    pull: options.pull || build['pull'] === true,
    'no-cache': options.noCache || build['no_cache'] === true,
    network: (build['network'] as string | undefined) ?? '',
    'no-cache-filter': list('no_cache_filter'),
    'shm-size': build['shm_size'] === undefined ? '' : String(build['shm_size']),
    ulimits: describeUlimits(build),
    call: options.check ? 'lint' : '',
    entitlements: [...list('entitlements'), ...(build['privileged'] === true ? ['security.insecure'] : [])],
    'extra-hosts': describeHosts(list('extra_hosts')),
    output: options.check ? [] : [describeOutput(options.push && service.image !== undefined, platforms)],
  };
  return Object.fromEntries(Object.entries(target).filter(([, value]) => saysSomething(value)));
}

/** Docker's own format knows one platform. */
function describeOutput(isPushed: boolean, platforms: readonly string[]): string {
  if (platforms.length > 1) return `type=image,push=${isPushed}`;
  return isPushed ? 'type=registry' : 'type=docker';
}

function saysSomething(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== '' && value !== false;
}

function mapValues(map: Readonly<Record<string, string>>, change: (value: string) => string) {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}

/** Bake has variables of its own. */
function escapeVariables(text: string): string {
  return text.replaceAll('${', () => '$${');
}

function placeDockerfile(context: string, dockerfile = 'Dockerfile'): string {
  return context.startsWith('/') && !dockerfile.startsWith('/') ? join(context, dockerfile) : dockerfile;
}

function describeSecrets(build: BuildConfig, { secrets }: ProjectModel): string[] {
  return ((build['secrets'] as readonly FileReference[] | undefined) ?? []).flatMap(({ source, target }) => {
    const object = secrets[source];
    const id = target ?? source;
    if (object?.environment !== undefined) return [`id=${id},type=env,env=${object.environment}`];
    return object?.file === undefined ? [] : [`id=${id},type=file,src=${object.file}`];
  });
}

function describeAgents(build: BuildConfig, { ssh }: BakeOptions): string[] {
  const own = Object.entries((build['ssh'] as Readonly<Record<string, string | null>> | undefined) ?? {});
  return [...own.map(([id, socket]) => (socket ? `${id}=${socket}` : id)), ...ssh];
}

function describeUlimits(build: BuildConfig): string[] {
  const ulimits = (build['ulimits'] as Readonly<Record<string, UlimitConfig>> | undefined) ?? {};
  return Object.entries(ulimits).map(([name, { soft, hard }]) =>
    soft === hard ? `${name}=${soft}` : `${name}=${soft}:${hard}`,
  );
}

function describeHosts(hosts: readonly string[]): Record<string, string> {
  const addresses = new Map<string, string[]>();
  for (const each of hosts) {
    const [name = '', address = ''] = each.split(/=(.*)/s);
    addresses.set(name, [...(addresses.get(name) ?? []), address]);
  }
  return Object.fromEntries([...addresses].map(([name, all]) => [name, all.join(',')]));
}
