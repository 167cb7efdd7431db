// Format 1 (docker-compose before 1.6): services stand at the root of the file, there are no networks, and containers
// find each other through links on one bridge. Becomes today's layout, in place.

import type { Diagnostics } from '../diagnostic/diagnostics.ts';
import {
  copyEntry,
  isMapping,
  keyPlace,
  listAt,
  type Mapping,
  newMapping,
  placeOf,
  removeEntry,
  setEntry,
  type Value,
  valuePlace,
} from '../text/tree.ts';

const sections = ['services', 'networks', 'volumes', 'configs', 'secrets', 'models', 'include', 'name'];

/** Keys that only a service has: one of them at the second level gives a format 1 file away. */
const telltales = ['image', 'build', 'extends', 'dockerfile', 'net'];

export function isFormat1(document: Mapping): boolean {
  if (sections.some((section) => section in document)) return false;
  const { version } = document;
  const isOther = (typeof version === 'string' || typeof version === 'number') && !/^1\b/.test(`${version}`);
  if (isOther) return false;
  return Object.values(document).some((value) => isMapping(value) && telltales.some((key) => key in value));
}

export function upgradeFormat1(document: Mapping, diagnostics: Diagnostics): void {
  if (!isFormat1(document)) return;
  const services = newMapping(placeOf(document));
  for (const key of Object.keys(document)) {
    if (key.startsWith('x-') || (key === 'version' && !isMapping(document[key]))) continue;
    copyEntry(document, key, services);
    removeEntry(document, key);
  }
  const [first = ''] = Object.keys(services);
  const at = keyPlace(services, first);
  setEntry(document, 'services', services, at);
  declareVolumes(document, services);
  for (const service of Object.values(services)) keepLinkVariables(service);
  diagnostics.warn({
    code: 'key-deprecated',
    message: 'this file has format 1: services at the top, without `services:`',
    at,
    hints: ["`config --upgrade` writes it in today's form"],
  });
}

/** Programs of that time read where others are from variables. */
function keepLinkVariables(service: Value | undefined): void {
  if (!isMapping(service) || 'x-tcompose' in service) return;
  const key = ['links', 'external_links'].find((name) => listAt(service, name)?.length);
  if (key === undefined) return;
  const at = keyPlace(service, key);
  const own = newMapping(at);
  setEntry(own, 'link_variables', true, at);
  setEntry(service, 'x-tcompose', own, at);
}

/** A named volume needed no declaration, and its name was global. */
function declareVolumes(document: Mapping, services: Mapping): void {
  const volumes = newMapping();
  for (const service of Object.values(services)) {
    const mounts = isMapping(service) ? listAt(service, 'volumes') : undefined;
    mounts?.forEach((mount, index) => {
      const name = namedVolume(mount);
      if (name === undefined || name in volumes) return;
      const at = valuePlace(mounts, index);
      const volume = newMapping(at);
      setEntry(volume, 'name', name, at);
      setEntry(volumes, name, volume, at);
    });
  }
  if (Object.keys(volumes).length > 0) setEntry(document, 'volumes', volumes, 0);
}

/** The volume that a short mount names; undefined for a path. */
export function namedVolume(mount: Value): string | undefined {
  return typeof mount === 'string' ? /^([a-zA-Z0-9][a-zA-Z0-9._-]+):/.exec(mount)?.[1] : undefined;
}
