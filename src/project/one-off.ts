// A service as `run` changes it: what the command line says goes before what the files say. Pure.

import { resolve } from 'node:path';
import { TcError } from '../base/error.ts';
import type { ProjectModel, VolumeConfig } from './model.ts';
import type { MountConfig, PortConfig, ServiceConfig } from './service-config.ts';
import { FormatError } from './syntax/format-error.ts';
import { parseMount } from './syntax/mount.ts';
import { parsePort } from './syntax/port.ts';
import { parseShellWords } from './syntax/shell-words.ts';

/** As typed, where nothing else is said. */
export interface OneOffChanges {
  /** Words; none: the service's own. */
  readonly command: readonly string[];
  /** A line that is split as a shell does; empty: none at all. */
  readonly entrypoint?: string;
  /** Variables with their values; a null one removes the service's. */
  readonly environment: Readonly<Record<string, string | null>>;
  /** `NAME=VALUE`. */
  readonly labels: readonly string[];
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly user?: string;
  readonly workingDir?: string;
  /** `SOURCE:TARGET:OPTIONS`, relative to `directory`. */
  readonly volumes: readonly string[];
  /** `HOST:CONTAINER`: instead of the service's own, which are published only if `servicePorts` asks for it. */
  readonly publish: readonly string[];
  readonly servicePorts: boolean;
  readonly tty: boolean;
  readonly interactive: boolean;
  /** Absolute: where the command was given. */
  readonly directory: string;
  readonly home?: string;
}

export interface AdaptedService {
  readonly service: ServiceConfig;
  /** With the volumes that only the command line names; its services are as they were. */
  readonly model: ProjectModel;
}

/** Throws TcError for what cannot be read. */
export function adaptService(
  model: ProjectModel,
  service: ServiceConfig,
  changes: OneOffChanges,
): AdaptedService {
  const mounts = changes.volumes.map((text) => parseVolume(text, changes));
  const adapted: ServiceConfig = {
    ...omitRestart(service),
    ...describeProcess(service, changes),
    ...changeCapabilities(service, changes),
    environment: { ...service.environment, ...changes.environment },
    labels: { ...service.labels, ...Object.fromEntries(changes.labels.map(parseLabel)) },
    volumes: [
      ...service.volumes.filter(({ target }) => !mounts.some((mount) => mount.target === target)),
      ...mounts,
    ],
    ports: changes.servicePorts ? service.ports : changes.publish.flatMap(parsePublish),
    tty: changes.tty,
    stdin_open: changes.interactive,
    scale: 1,
  };
  const volumes = { ...undeclaredVolumes(model, mounts), ...model.volumes };
  return { service: adapted, model: { ...model, volumes } };
}

/** A one-off ends when it ends. Its name is given by the command, never by the file. */
function omitRestart(service: ServiceConfig): ServiceConfig {
  const { container_name: _name, deploy, restart: _restart, ...rest } = service;
  if (deploy === undefined) return rest;
  const { restart_policy: _policy, replicas: _replicas, ...kept } = deploy;
  return { ...rest, deploy: kept };
}

/** An entrypoint of the command line puts the service's command out of force, as Docker Compose has it. */
function describeProcess(service: ServiceConfig, changes: OneOffChanges): Partial<ServiceConfig> {
  const { command, entrypoint, user, workingDir } = changes;
  const replaced = entrypoint === undefined ? undefined : splitWords(entrypoint);
  return {
    command: command.length > 0 ? command : replaced === undefined ? service.command : [],
    ...(replaced !== undefined && { entrypoint: replaced }),
    ...(user && { user }),
    ...(workingDir && { working_dir: workingDir }),
  };
}

function changeCapabilities(
  { cap_add = [], cap_drop = [] }: ServiceConfig,
  { capAdd, capDrop }: OneOffChanges,
): Partial<ServiceConfig> {
  if (capAdd.length + capDrop.length === 0) return {};
  const added = [...cap_add, ...capAdd].filter((name) => !capDrop.includes(name));
  const dropped = [...cap_drop.filter((name) => !capAdd.includes(name)), ...capDrop];
  return { cap_add: added, cap_drop: dropped };
}

function splitWords(line: string): readonly string[] {
  return explain('--entrypoint', () => parseShellWords(line).words);
}

function parseLabel(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  throw new TcError(`--label: "${text}" is not of the form NAME=VALUE`, { code: 'usage', exitCode: 2 });
}

function parsePublish(text: string): PortConfig[] {
  return explain('--publish', () =>
    parsePort(text).map(({ hostIp, ...spec }) => ({
      mode: 'ingress',
      ...spec,
      ...(hostIp === undefined ? {} : { host_ip: hostIp }),
    })),
  );
}

function parseVolume(text: string, { directory, home }: OneOffChanges): MountConfig {
  const spec = explain('--volume', () => parseMount(text));
  const { propagation, readOnly, selinux, source, target, type } = spec;
  const bind = {
    ...(propagation === undefined ? {} : { propagation }),
    ...(selinux === undefined ? {} : { selinux }),
    create_host_path: true,
  };
  return {
    type,
    target,
    ...(readOnly === undefined ? {} : { read_only: readOnly }),
    ...(type === 'bind'
      ? { source: resolve(directory, (source ?? '').replace(/^~(?=\/|$)/, home ?? '~')), bind }
      : { ...(source !== undefined && { source }), volume: spec.nocopy ? { nocopy: true } : {} }),
  };
}

/** A volume that no file declares is what its name says. */
function undeclaredVolumes(
  model: ProjectModel,
  mounts: readonly MountConfig[],
): Record<string, VolumeConfig> {
  const names = mounts.flatMap(({ source, type }) =>
    type === 'volume' && source !== undefined ? [source] : [],
  );
  return Object.fromEntries(
    names.filter((name) => model.volumes[name] === undefined).map((name) => [name, { name }]),
  );
}

function explain<T>(flag: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new TcError(`${flag}: ${error.message}`, { code: 'usage', exitCode: 2, hints: error.hints });
  }
}
