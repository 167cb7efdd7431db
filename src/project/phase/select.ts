// Phase: which services take part: profiles, the services that a command names, and what those need.

import { findNearest } from '../../base/suggest.ts';
import type { Diagnostics } from '../diagnostic/diagnostics.ts';
import type { DependencyConfig, ServiceConfig } from '../service-config.ts';

export type Services = Readonly<Record<string, ServiceConfig>>;

export interface Selection {
  readonly enabled: Services;
  readonly disabled: Services;
  readonly profiles: readonly string[];
}

/** A service without profiles is always on; `*` turns all on; naming a service activates its profiles. */
export function selectProfiles(
  services: Services,
  profiles: readonly string[],
  named: readonly string[],
): Selection {
  const active = new Set(profiles.filter((profile) => profile !== ''));
  const isOn = (service: ServiceConfig) =>
    !service.profiles?.length || active.has('*') || service.profiles.some((profile) => active.has(profile));
  for (const name of named) {
    const service = services[name];
    if (service && !isOn(service)) for (const profile of service.profiles ?? []) active.add(profile);
  }
  const [enabled, disabled] = partition(services, isOn);
  return { enabled, disabled, profiles: [...active] };
}

/** Only the named services and what they depend on, directly or not; no names: all. */
export function selectServices(
  selection: Selection,
  named: readonly string[],
  diagnostics: Diagnostics,
): Selection {
  if (named.length === 0) return selection;
  const wanted = new Set<string>();
  const pending = named.filter((name) => checkKnown(name, selection, diagnostics));
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (wanted.has(name)) continue;
    wanted.add(name);
    pending.push(
      ...Object.keys(selection.enabled[name]?.depends_on ?? {}).filter((other) => other in selection.enabled),
    );
  }
  const [enabled, rest] = partition(selection.enabled, (service) => wanted.has(service.name));
  const disabled = Object.assign(Object.create(null), selection.disabled, rest);
  return { ...selection, enabled: withoutAbsent(enabled), disabled };
}

/** Optional dependencies on services that take no part are gone. */
function withoutAbsent(services: Services): Services {
  const result = Object.create(null) as Record<string, ServiceConfig>;
  for (const [name, service] of Object.entries(services)) {
    const dependencies = Object.entries(service.depends_on);
    const present = dependencies.filter(([other]) => other in services);
    const isWhole = present.length === dependencies.length;
    result[name] = isWhole ? service : { ...service, depends_on: toRecord(present) };
  }
  return result;
}

function toRecord(entries: readonly [string, DependencyConfig][]): Record<string, DependencyConfig> {
  const record = Object.create(null) as Record<string, DependencyConfig>;
  for (const [name, dependency] of entries) record[name] = dependency;
  return record;
}

function checkKnown(name: string, selection: Selection, diagnostics: Diagnostics): boolean {
  if (name in selection.enabled) return true;
  const names = [...Object.keys(selection.enabled), ...Object.keys(selection.disabled)];
  const nearest = findNearest(name, names);
  diagnostics.error({
    code: 'service-unknown',
    message: `no such service: ${name}`,
    hints: [nearest ? `did you mean \`${nearest}\`?` : `services are ${names.join(', ') || 'none'}`],
  });
  return false;
}

function partition(services: Services, isIn: (service: ServiceConfig) => boolean): [Services, Services] {
  const inside = Object.create(null) as Record<string, ServiceConfig>;
  const outside = Object.create(null) as Record<string, ServiceConfig>;
  for (const [name, service] of Object.entries(services)) (isIn(service) ? inside : outside)[name] = service;
  return [inside, outside];
}
