// Phase: resources that no service uses are left out; nothing would create them.

import type { ServiceConfig } from '../service-config.ts';
import type { Bound } from './bind.ts';
import type { Services } from './select.ts';

type Resources = Pick<Bound, 'networks' | 'volumes' | 'configs' | 'secrets' | 'models'>;

export function pruneResources(resources: Resources, services: Services): Resources {
  const all = Object.values(services);
  const used = (names: (service: ServiceConfig) => Iterable<string>) =>
    new Set(all.flatMap((one) => [...names(one)]));
  return {
    networks: pick(resources.networks, used(networksOf)),
    volumes: pick(resources.volumes, used(volumesOf)),
    configs: pick(resources.configs, used(configsOf)),
    secrets: pick(resources.secrets, used(secretsOf)),
    models: pick(resources.models, used(modelsOf)),
  };
}

const networksOf = (service: ServiceConfig) => Object.keys(service.networks ?? {});
const modelsOf = (service: ServiceConfig) => Object.keys(service.models ?? {});
const configsOf = (service: ServiceConfig) => (service.configs ?? []).map((config) => config.source);
const secretsOf = (service: ServiceConfig) =>
  [...(service.secrets ?? []), ...buildSecrets(service.build?.['secrets'])].map((secret) => secret.source);

function volumesOf(service: ServiceConfig): string[] {
  return service.volumes.flatMap((mount) => (mount.type === 'volume' && mount.source ? [mount.source] : []));
}

export function buildSecrets(secrets: unknown): readonly { readonly source: string }[] {
  return Array.isArray(secrets) ? secrets : [];
}

function pick<T>(from: Record<string, T>, names: ReadonlySet<string>): Record<string, T> {
  const picked = Object.create(null) as Record<string, T>;
  for (const [name, value] of Object.entries(from)) if (names.has(name)) picked[name] = value;
  return picked;
}
