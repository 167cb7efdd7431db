// config: the model as files, environment and profiles make it, or one list out of it. Needs no engine.

import { orderServices } from '../plan/service-graph.ts';
import { formatCanonical } from '../project/canonical.ts';
import type { ProjectModel } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import type { Variable } from '../project/uninterpolated.ts';
import type { AppContext } from './context.ts';
import { discover } from './discovery.ts';
import { findLoadOptions, type LoadChanges, loadModel } from './project.ts';

export type { Variable } from '../project/uninterpolated.ts';

export interface ConfigOptions extends Omit<LoadChanges, 'profiles'> {
  readonly format: 'yaml' | 'json';
}

/** The lists that `config` prints instead of the model, one name a line. */
export const configLists = ['services', 'networks', 'volumes', 'models', 'images', 'profiles'] as const;
export type ConfigList = (typeof configLists)[number];

/** Canonical text, which loads again to the same model. */
export function config(context: AppContext, { format, ...changes }: ConfigOptions): string {
  return formatCanonical(loadModel(context, changes), format);
}

/** Merged, with the variables left as they stand. */
export async function configUninterpolated(
  context: AppContext,
  { format, ...changes }: ConfigOptions,
): Promise<string> {
  const { formatUninterpolated } = await import('../project/uninterpolated.ts');
  const { text, warnings } = formatUninterpolated(findLoadOptions(context, changes), context.reader, format);
  for (const warning of warnings) context.on({ type: 'warning', warning });
  return text;
}

/** The variables that the files name. */
export async function configVariables(context: AppContext): Promise<readonly Variable[]> {
  const { listVariables } = await import('../project/uninterpolated.ts');
  return listVariables(findLoadOptions(context), context.reader);
}

/** `NAME HASH` of each service: the hash that its containers' labels bear. */
export async function configHashes(
  context: AppContext,
  services: readonly string[],
): Promise<readonly string[]> {
  const { hashService } = await import('../project/config-hash.ts');
  const model = loadModel(context, { services });
  const names = services.length > 0 ? services : Object.keys(model.services).sort();
  return names.map((name) => `${name} ${hashService(model.services[name] as ServiceConfig)}`);
}

/** Throws what is wrong with the files. */
export function checkConfig(context: AppContext, { format: _, ...changes }: ConfigOptions): void {
  loadModel(context, changes);
}

export function listConfig(context: AppContext, list: ConfigList, options: ConfigOptions): readonly string[] {
  const { format: _, ...changes } = options;
  // Profiles are listed whether or not they are active.
  const model = loadModel(context, list === 'profiles' ? { ...changes, profiles: ['*'] } : changes);
  return listers[list](model);
}

/** The variables that the files see, as NAME=VALUE. */
export function configEnvironment(context: AppContext): readonly string[] {
  return Object.entries(discover(context).variables).map(([name, value]) => `${name}=${value}`);
}

const listers: Readonly<Record<ConfigList, (model: ProjectModel) => readonly string[]>> = {
  // Dependencies first, as Docker Compose lists them.
  services: ({ positions, services }) => orderServices(services, positions),
  networks: ({ networks }) => Object.keys(networks).sort(),
  volumes: ({ volumes }) => Object.keys(volumes).sort(),
  models: ({ models = {} }) => Object.keys(models).sort(),
  images: (model) => Object.values(model.services).map(({ image, name }) => image ?? `${model.name}-${name}`),
  profiles: ({ services }) =>
    [...new Set(Object.values(services).flatMap(({ profiles = [] }) => profiles))].sort(),
};
