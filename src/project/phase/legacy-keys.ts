// Keys and values of older formats, in today's words. Each says once what to write instead.

import type { Diagnostics } from '../diagnostic/diagnostics.ts';
import {
  copyEntry,
  isMapping,
  keyPlace,
  type Mapping,
  mappingAt,
  newMapping,
  removeEntry,
  setEntry,
  valuePlace,
} from '../text/tree.ts';
import { namedVolume } from './legacy-format.ts';

/** Values that the schema refuses today, on a document in today's layout: before validation. */
export function upgradeValues(document: Mapping, diagnostics: Diagnostics): void {
  for (const [name, service] of Object.entries(mappingAt(document, 'services') ?? {})) {
    if (!isMapping(service)) continue;
    // `restart: no`, which YAML 1.1 reads as false.
    if (service['restart'] === false) {
      warnValue(service, 'restart', name, '`restart: "no"`', diagnostics);
      service['restart'] = 'no';
    }
    // Before it was final.
    if ('x-develop' in service && !('develop' in service)) {
      warnValue(service, 'x-develop', name, '`develop`', diagnostics);
      copyEntry(service, 'x-develop', service, 'develop');
      removeEntry(service, 'x-develop');
    }
    // Format 2.2 took the path of an init program.
    if (typeof service['init'] === 'string' && service['init'].startsWith('/')) {
      warnValue(service, 'init', name, '`init: true`', diagnostics);
      service['init'] = true;
    }
  }
}

function warnValue(
  service: Mapping,
  key: string,
  name: string,
  instead: string,
  diagnostics: Diagnostics,
): void {
  diagnostics.warn({
    code: 'key-deprecated',
    message: `services.${name}.${key} is of an older format`,
    at: valuePlace(service, key),
    hints: [`write ${instead}`],
  });
}

/** Keys, in place, on a document in today's layout. */
export function upgradeKeys(document: Mapping, diagnostics: Diagnostics): void {
  if ('version' in document) {
    diagnostics.warn({
      code: 'key-deprecated',
      message: '`version` is obsolete and has no effect',
      at: keyPlace(document, 'version'),
      hints: ['remove it'],
    });
    removeEntry(document, 'version');
  }
  const services = mappingAt(document, 'services') ?? {};
  for (const [name, service] of Object.entries(services)) {
    if (isMapping(service)) upgradeService(service, name, services as Mapping, document, diagnostics);
  }
}

function upgradeService(
  service: Mapping,
  name: string,
  services: Mapping,
  document: Mapping,
  diagnostics: Diagnostics,
): void {
  const warn = (key: string, instead: string) =>
    diagnostics.warn({
      code: 'key-deprecated',
      message: `services.${name}.${key} is of an older format`,
      at: keyPlace(service, key),
      hints: [`write ${instead}`],
    });
  if ('net' in service) {
    warn('net', '`network_mode`');
    upgradeNet(service, services);
  }
  if ('log_driver' in service || 'log_opt' in service) {
    warn('log_driver' in service ? 'log_driver' : 'log_opt', '`logging: {driver: ..., options: ...}`');
    upgradeLogging(service);
  }
  if ('dockerfile' in service) {
    warn('dockerfile', '`build: {context: ..., dockerfile: ...}`');
    upgradeDockerfile(service);
  }
  if ('volume_driver' in service) {
    warn('volume_driver', '`driver` at the volumes');
    upgradeVolumeDriver(service, document);
  }
}

/** `container:NAME` named a service, if one has that name. */
function upgradeNet(service: Mapping, services: Mapping): void {
  const net = String(service['net']);
  const target = net.startsWith('container:') ? net.slice('container:'.length) : undefined;
  const mode = target !== undefined && target in services ? `service:${target}` : net;
  setEntry(service, 'network_mode', mode, valuePlace(service, 'net'), keyPlace(service, 'net'));
  removeEntry(service, 'net');
}

function upgradeLogging(service: Mapping): void {
  const logging = mappingAt(service, 'logging') ?? newMapping();
  const at = keyPlace(service, 'log_driver' in service ? 'log_driver' : 'log_opt');
  if ('log_driver' in service) copyEntry(service, 'log_driver', logging, 'driver');
  if ('log_opt' in service) copyEntry(service, 'log_opt', logging, 'options');
  removeEntry(service, 'log_driver');
  removeEntry(service, 'log_opt');
  setEntry(service, 'logging', logging, at);
}

function upgradeDockerfile(service: Mapping): void {
  const build = mappingAt(service, 'build') ?? newMapping();
  const at = valuePlace(service, 'build' in service ? 'build' : 'dockerfile');
  if (typeof service['build'] === 'string') setEntry(build, 'context', service['build'], at);
  copyEntry(service, 'dockerfile', build);
  removeEntry(service, 'dockerfile');
  setEntry(service, 'build', build, at);
}

/** The driver of the service's named volumes that do not say one themselves. */
function upgradeVolumeDriver(service: Mapping, document: Mapping): void {
  const driver = service['volume_driver'] ?? 'local';
  const at = valuePlace(service, 'volume_driver');
  removeEntry(service, 'volume_driver');
  const volumes = mappingAt(document, 'volumes') ?? newMapping(at);
  if (!('volumes' in document)) setEntry(document, 'volumes', volumes, at);
  for (const item of [service['volumes'] ?? []].flat()) {
    const source = namedVolume(item);
    if (source === undefined) continue;
    const volume = mappingAt(volumes, source) ?? newMapping(at);
    if (!('driver' in volume)) setEntry(volume, 'driver', driver, at);
    setEntry(volumes, source, volume, at);
  }
}
