// config: one list out of the model, instead of the model.

import { orderServices } from '../plan/service-graph.ts';
import type { ProjectModel } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import type { Variable } from '../project/uninterpolated.ts';
import type { ConfigOptions } from './config.ts';
import type { AppContext } from './context.ts';
import { discover } from './discovery.ts';
import { findNamedProject } from './named-project.ts';
import { findLoadOptions, loadModel } from './project.ts';

export type { Variable } from '../project/uninterpolated.ts';

/** One item a line. */
export const configLists = ['services', 'networks', 'volumes', 'models', 'images', 'profiles'] as const;
export type ConfigList = (typeof configLists)[number];

export function listConfig(context: AppContext, list: ConfigList, options: ConfigOptions): readonly string[] {
  const { format: _, pin: _pin, ...changes } = options;
  // Names are those of the whole project, whether or not env files are there; profiles whether or not they are active.
  const narrowed = {
    ...changes,
    ...(list === 'images' ? {} : { services: [] }),
    ...(list === 'images' || list === 'profiles' ? {} : { envResolution: false }),
  };
  return listers[list](loadModel(context, list === 'profiles' ? { ...narrowed, profiles: ['*'] } : narrowed));
}

const listers: Readonly<Record<ConfigList, (model: ProjectModel) => readonly string[]>> = {
  // Dependencies first, as Docker Compose lists them.
  services: ({ positions, services }) => orderServices(services, positions),
  networks: ({ networks }) => Object.keys(networks).sort(),
  volumes: ({ volumes }) => Object.keys(volumes).sort(),
  models: ({ models = {} }) =>
    Object.values(models)
      .map(({ model }) => model)
      .sort(),
  images: ({ name, services }) => Object.values(services).flatMap((service) => imagesOf(service, name)),
  profiles: ({ services }) =>
    [...new Set(Object.values(services).flatMap(({ profiles = [] }) => profiles))].sort(),
};

/** The service's own, then those of its hooks that are others. */
function imagesOf({ image, name, pre_start: hooks = [] }: ServiceConfig, project: string): string[] {
  const own = image ?? `${project}-${name}`;
  return [own, ...hooks.flatMap((hook) => (hook.image && hook.image !== own ? [hook.image] : []))];
}

/** The variables that the files name. */
export async function configVariables(context: AppContext): Promise<readonly Variable[]> {
  const { listVariables } = await import('../project/uninterpolated.ts');
  return listVariables(findLoadOptions(context), context.reader);
}

/** The variables that the files see, as NAME=VALUE; the project's name, which they see too, is one of them. */
export async function configEnvironment(context: AppContext): Promise<readonly string[]> {
  const { name } = await findNamedProject(context);
  const variables = { ...discover(context).variables, COMPOSE_PROJECT_NAME: name };
  return Object.entries(variables).map(([key, value]) => `${key}=${value}`);
}

/** `NAME HASH` of each service: the hash that its containers' labels bear. */
export async function configHashes(
  context: AppContext,
  services: readonly string[],
  changes: Pick<ConfigOptions, 'envResolution'>,
): Promise<readonly string[]> {
  const { hashService } = await import('../project/config-hash.ts');
  const model = loadModel(context, { ...changes, services });
  const names = services.length > 0 ? services : Object.keys(model.services).sort();
  return names.map((name) => `${name} ${hashService(model.services[name] as ServiceConfig)}`);
}
