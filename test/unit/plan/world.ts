// A project and what runs of it in a few words, for tests of the planner. What is not said is as Compose would have it:
// every service is on the default network, every container is as its service says, networks and volumes exist once a
// container exists that uses them.

import type {
  ContainerState,
  DesiredInputs,
  HealthStatus,
  ObservedContainer,
  ObservedNetwork,
  ObservedState,
  ObservedVolume,
  ServiceInputs,
} from '../../../src/plan/observed-state.ts';
import { recordService } from '../../../src/plan/recorded.ts';
import { networkKeys, volumeKeys } from '../../../src/plan/resource-decision.ts';
import type {
  FileObjectConfig,
  NetworkConfig,
  ProjectModel,
  VolumeConfig,
} from '../../../src/project/model.ts';
import type { DependencyConfig, ServiceConfig } from '../../../src/project/service-config.ts';

export const project = 'demo';

/** Attributes as in a canonical service, with three abbreviations. */
export interface ServiceWords extends Partial<Omit<ServiceConfig, 'depends_on' | 'healthcheck' | 'volumes'>> {
  /** `[db]`, or `{db: healthy}`, `{db: completed}`, or the long form. */
  depends_on?: string[] | Record<string, string | Partial<DependencyConfig>>;
  /** `true`: has a probe, whoever defines it. */
  healthcheck?: true | ServiceConfig['healthcheck'];
  /** `data:/data` or the long form. */
  volumes?: (string | ServiceConfig['volumes'][number])[];
  /** Digests of the contents that the service uses: `secrets.key: digest`. */
  files?: Record<string, string>;
  /** Default: made from the image's name. */
  imageId?: string;
}

export interface ContainerWords {
  state?: ContainerState;
  health?: HealthStatus;
  exit?: number;
  stoppedByUser?: boolean;
  error?: string;
  restarts?: number;
  /** What its service looked like when it was made, where it differs. */
  was?: ServiceWords;
  service?: string;
  number?: number;
  name?: string;
  id?: string;
  oneOff?: boolean;
  replaces?: string;
  created?: string;
  started?: string;
  directory?: string;
  labels?: Record<string, string>;
  /** Identities of networks and volumes it is in, where they are not those that are there. */
  networks?: Record<string, string>;
  volumes?: Record<string, string>;
  /** Containers that it shares with, by service. */
  sources?: Record<string, string>;
}

export interface WorldWords {
  services?: Record<string, ServiceWords | null>;
  disabled?: Record<string, ServiceWords | null>;
  networks?: Record<string, Partial<NetworkConfig> | null>;
  volumes?: Record<string, Partial<VolumeConfig> | null>;
  /** What would be got before the plan. */
  images?: DesiredInputs['images'];
  configs?: Record<string, Partial<FileObjectConfig>>;
  secrets?: Record<string, Partial<FileObjectConfig>>;
  /** What runs: `web-1: running`, or the long form. */
  containers?: Record<string, string | ContainerWords>;
  /** Networks and volumes that exist and are not as the model says: by name. `null`: does not exist. */
  there?: {
    networks?: Record<
      string,
      (Partial<NetworkConfig> & { id?: string; key?: string; members?: string[] }) | null
    >;
    volumes?: Record<
      string,
      (Partial<VolumeConfig> & { id?: string; key?: string; anonymous?: boolean; usedBy?: string[] }) | null
    >;
    externalNetworks?: string[];
    externalVolumes?: string[];
  };
}

export interface World {
  readonly model: ProjectModel;
  readonly inputs: DesiredInputs;
  readonly state: ObservedState;
}

const digest = (text: string) => `hmac:${Buffer.from(text).toString('hex')}`;

export function buildWorld(words: WorldWords): World {
  const model = buildModel(words);
  const wordsOf = { ...words.disabled, ...words.services };
  const desired = Object.values(model.services).map((service) => [
    service.name,
    {
      imageId: imageIdOf(wordsOf[service.name], service),
      files: wordsOf[service.name]?.files ?? {},
      recorded: recordService(service, digest),
      hasHealthcheck: service.healthcheck !== undefined,
    },
  ]);
  const inputs = { services: Object.fromEntries(desired), ...(words.images && { images: words.images }) };
  return { model, inputs, state: buildState(words, model) };
}

function imageIdOf(words: ServiceWords | null | undefined, service: ServiceConfig): string {
  return words?.imageId ?? `id-of-${service.image}`;
}

export function buildService(name: string, words: ServiceWords | null): ServiceConfig {
  const { depends_on, files: _files, healthcheck, imageId: _id, volumes, ...rest } = words ?? {};
  // `null` takes back what the service says now; for these two it is a value.
  const isSaid = ([key, value]: [string, unknown]) =>
    value !== null || key === 'command' || key === 'entrypoint';
  const attributes = Object.fromEntries(Object.entries(rest).filter(isSaid)) as typeof rest;
  const isShared = attributes.network_mode !== undefined;
  return {
    name,
    image: name,
    command: null,
    entrypoint: null,
    environment: {},
    labels: {},
    ports: [],
    ...(isShared ? {} : { networks: { default: null } }),
    ...(healthcheck === undefined
      ? {}
      : { healthcheck: healthcheck === true ? { test: ['CMD', 'true'] } : healthcheck }),
    volumes: (volumes ?? []).map(buildMount),
    depends_on: buildDependencies(depends_on),
    ...attributes,
  };
}

function buildMount(words: string | ServiceConfig['volumes'][number]): ServiceConfig['volumes'][number] {
  if (typeof words !== 'string') return words;
  const [source = '', target = ''] = words.split(':');
  if (target === '') return { type: 'volume', target: source };
  return source.startsWith('/') ? { type: 'bind', source, target } : { type: 'volume', source, target };
}

function buildDependencies(words: ServiceWords['depends_on']): Record<string, DependencyConfig> {
  const entries = Array.isArray(words)
    ? words.map((name) => [name, 'started'] as const)
    : Object.entries(words ?? {});
  const conditions = {
    started: 'service_started',
    healthy: 'service_healthy',
    completed: 'service_completed_successfully',
  } as const;
  return Object.fromEntries(
    entries.map(([name, value]) => {
      const long = typeof value === 'string' ? { condition: value } : value;
      const condition =
        conditions[(long.condition ?? 'started') as keyof typeof conditions] ?? long.condition;
      return [name, { required: true, ...long, condition } as DependencyConfig];
    }),
  );
}

function buildModel(words: WorldWords): ProjectModel {
  const build = (section: Record<string, ServiceWords | null> | undefined) =>
    Object.fromEntries(
      Object.entries(section ?? {}).map(([name, entry]) => [name, buildService(name, entry)]),
    );
  const named = <T>(section: Record<string, T | null> | undefined) =>
    Object.fromEntries(
      Object.entries(section ?? {}).map(([key, entry]) => [key, { name: `${project}_${key}`, ...entry }]),
    );
  const services = build(words.services);
  const used = Object.values(services);
  const keysOf = (pick: (service: ServiceConfig) => string[]) =>
    Object.fromEntries(used.flatMap(pick).map((key) => [key, null]));
  return {
    name: project,
    workingDir: '/demo',
    configFiles: ['/demo/compose.yaml'],
    environmentFiles: [],
    profiles: [],
    services,
    disabledServices: build(words.disabled),
    networks: named({ ...keysOf(networkKeys), ...words.networks }),
    volumes: named({ ...keysOf(volumeKeys), ...words.volumes }),
    configs: named(words.configs),
    secrets: named(words.secrets),
    extensions: {},
    // Lines are made from the depth of the path, so that a position that is looked up for another path shows.
    positions: {
      at: (path) => ({ file: '/demo/compose.yaml', line: path.join('.').length, col: path.length }),
    },
    warnings: [],
  };
}

function buildState(words: WorldWords, model: ProjectModel): ObservedState {
  const containers = Object.entries(words.containers ?? {}).map(([key, entry]) =>
    buildContainer(
      key,
      typeof entry === 'string' ? parseState(entry) : { ...entry, ...parseState(entry.state) },
      words,
    ),
  );
  return {
    project,
    containers,
    networks: buildNetworks(words, model, containers),
    volumes: buildVolumes(words, model, containers),
    externalNetworks: Object.fromEntries(
      (words.there?.externalNetworks ?? []).map((name) => [name, buildNetwork(name, { name }, [])]),
    ),
    externalVolumes: Object.fromEntries(
      (words.there?.externalVolumes ?? []).map((name) => [name, buildVolume(name, { name }, [])]),
    ),
  };
}

/** `running`, `running healthy`, `exited 1`. */
function parseState(text: string | undefined): ContainerWords {
  const [state = 'running', detail] = (text ?? 'running').split(' ') as [ContainerState?, string?];
  if (state === 'exited') return { state, exit: Number(detail ?? 0) };
  return detail === undefined ? { state } : { state, health: detail as HealthStatus };
}

function buildContainer(key: string, words: ContainerWords, world: WorldWords): ObservedContainer {
  const [, keyService = key, keyNumber = '1'] = /^(.*?)-(\d+)$/.exec(key) ?? [];
  const service = words.service ?? keyService;
  const number = words.number ?? Number(keyNumber);
  const then = { ...world.services?.[service], ...world.disabled?.[service], ...words.was };
  const config = buildService(service, then);
  return {
    id: words.id ?? `${key}-id`,
    name: words.name ?? `${project}-${service}-${number}`,
    project,
    service,
    number,
    oneOff: words.oneOff ?? false,
    ...buildStatus(words),
    image: config.image ?? '',
    command: [],
    recorded: recordService(config, digest),
    inputs: buildInputs(words, then, config),
    labels: words.labels ?? labelDependencies(config),
    publishers: [],
    networks: [],
    mounts: [],
    ...(words.replaces === undefined ? {} : { replaces: words.replaces }),
    workingDir: words.directory ?? '/demo',
  };
}

/** The label that tells them without a model, as the engine writes it. */
function labelDependencies({ depends_on }: ServiceConfig): Record<string, string> {
  const entries = Object.entries(depends_on).map(([on, { condition, restart }]) =>
    [on, condition, restart ?? false].join(':'),
  );
  return entries.length === 0 ? {} : { 'com.docker.compose.depends_on': entries.join(',') };
}

function buildStatus(words: ContainerWords) {
  const state = words.state ?? 'running';
  const isStarted = state !== 'creating' && state !== 'created';
  return {
    state,
    stoppedByUser: words.stoppedByUser ?? false,
    ...(words.error === undefined ? {} : { error: words.error }),
    restartCount: words.restarts ?? 0,
    ...(words.exit === undefined ? {} : { exitCode: words.exit }),
    ...(words.health === undefined ? {} : { health: words.health }),
    createdAt: words.created ?? '2026-01-01T00:00:00Z',
    ...(isStarted ? { startedAt: words.started ?? '2026-01-01T00:00:01Z' } : {}),
  };
}

function buildInputs(words: ContainerWords, then: ServiceWords, config: ServiceConfig): ServiceInputs {
  const identities = (keys: string[], prefix: string) =>
    Object.fromEntries(keys.map((name) => [name, `${prefix}-${name}`]));
  return {
    imageId: imageIdOf(then, config),
    files: then.files ?? {},
    networks: { ...identities(networkKeys(config), 'network'), ...words.networks },
    volumes: { ...identities(volumeKeys(config), 'volume'), ...words.volumes },
    ...(words.sources === undefined ? {} : { sources: words.sources }),
  };
}

function buildNetwork(
  key: string,
  config: NetworkConfig,
  members: readonly string[],
  words: { id?: string; key?: string; members?: string[] } = {},
): ObservedNetwork {
  return {
    id: words.id ?? `network-${key}`,
    key: words.key ?? key,
    name: config.name,
    recorded: config,
    labels: {},
    members: [...members, ...(words.members ?? [])],
  };
}

function buildVolume(
  key: string,
  config: VolumeConfig,
  usedBy: readonly string[],
  words: { id?: string; key?: string; anonymous?: boolean; usedBy?: string[] } = {},
): ObservedVolume {
  return {
    id: words.id ?? `volume-${key}`,
    key: words.key ?? key,
    name: config.name,
    recorded: config,
    labels: {},
    anonymous: words.anonymous ?? false,
    usedBy: [...usedBy, ...(words.usedBy ?? [])],
  };
}

function buildNetworks(
  words: WorldWords,
  model: ProjectModel,
  containers: readonly ObservedContainer[],
): ObservedNetwork[] {
  return buildResources(
    words.there?.networks ?? {},
    model.networks,
    (key) => containers.filter((container) => container.inputs.networks[key] !== undefined),
    buildNetwork,
  );
}

function buildVolumes(
  words: WorldWords,
  model: ProjectModel,
  containers: readonly ObservedContainer[],
): ObservedVolume[] {
  return buildResources(
    words.there?.volumes ?? {},
    model.volumes,
    (key) => containers.filter((container) => container.inputs.volumes[key] !== undefined),
    buildVolume,
  );
}

/** The model's own as far as a container uses them, with what `there` says put over, and `there`'s others. */
function buildResources<Config extends { name: string; external?: boolean }, Words extends object, Built>(
  there: Record<string, Words | null>,
  declared: Readonly<Record<string, Config>>,
  usersOf: (key: string) => readonly ObservedContainer[],
  build: (key: string, config: Config, users: readonly string[], words: Words) => Built,
): Built[] {
  const own = Object.entries(declared).flatMap(([key, config]) => {
    const over = there[config.name];
    const users = usersOf(key).map((container) => container.id);
    if (config.external || over === null || (over === undefined && users.length === 0)) return [];
    const {
      id: _id,
      key: _key,
      members: _members,
      usedBy: _usedBy,
      anonymous: _anonymous,
      ...attributes
    } = (over ?? {}) as Record<string, unknown>;
    return [build(key, { ...config, ...attributes } as Config, users, (over ?? {}) as Words)];
  });
  const names = new Set(Object.values(declared).map((config) => config.name));
  const others = Object.entries(there).flatMap(([name, over]) =>
    over === null || names.has(name)
      ? []
      : [build((over as { key?: string }).key ?? name, { name } as Config, [], over)],
  );
  return [...own, ...others];
}
