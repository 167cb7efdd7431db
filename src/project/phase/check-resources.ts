// Phase: what the schema cannot say of resources and a few attributes: keys that exclude each other, addresses.

import { isIp } from '../../base/ip.ts';
import type { Diagnostics } from '../diagnostic/diagnostics.ts';
import { nameHint } from '../diagnostic/schema-message.ts';
import { isList, isMapping, keyPlace, type Mapping, mappingAt, placeOf, valuePlace } from '../text/tree.ts';

export function checkResources(root: Mapping, diagnostics: Diagnostics): void {
  for (const section of ['networks', 'models'])
    checkNames(mappingAt(root, section), section, namePattern, diagnostics);
  for (const [name, volume] of mappingsOf(root, 'volumes'))
    checkExternal(volume, `volumes.${name}`, diagnostics);
  for (const [section, keys] of [
    ['configs', ['file', 'environment', 'content']],
    ['secrets', ['file', 'environment']],
  ] as const) {
    for (const [name, object] of mappingsOf(root, section)) {
      checkContent(object, root, section, name, keys, diagnostics);
    }
  }
  for (const [name, service] of mappingsOf(root, 'services'))
    checkService(service, `services.${name}`, diagnostics);
  for (const [name, model] of mappingsOf(root, 'models'))
    requireKey(model, 'model', `models.${name}`, diagnostics);
}

function mappingsOf(root: Mapping, section: string): [string, Mapping][] {
  const container = mappingAt(root, section) ?? {};
  return Object.entries(container).filter((entry): entry is [string, Mapping] => isMapping(entry[1]));
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}

function checkExternal(resource: Mapping, path: string, diagnostics: Diagnostics): void {
  if (!isTrue(resource['external'])) return;
  for (const key of Object.keys(resource)) {
    if (key === 'name' || key === 'external' || key.startsWith('x-')) continue;
    diagnostics.error({
      code: 'key-exclusive',
      message: `${path} is external, so \`${key}\` cannot be set here`,
      at: keyPlace(resource, key),
      hints: [`remove \`${key}\`, or \`external\` if tcompose is to create it`],
    });
  }
}

function checkContent(
  object: Mapping,
  root: Mapping,
  section: string,
  name: string,
  keys: readonly string[],
  diagnostics: Diagnostics,
): void {
  const path = `${section}.${name}`;
  const present = keys.filter((key) => key in object);
  const [, second] = present;
  if (second !== undefined) {
    diagnostics.error({
      code: 'key-exclusive',
      message: `${path} has ${present.map((key) => `\`${key}\``).join(' and ')}: only one can give its content`,
      at: keyPlace(object, second),
      hints: ['keep one of them'],
    });
  }
  if (present.length > 0 || 'driver' in object || 'external' in object) return;
  diagnostics.error({
    code: 'key-missing',
    message: `${path} has no content`,
    at: keyPlace(mappingAt(root, section) ?? object, name),
    hints: [`add one of ${keys.map((key) => `\`${key}:\``).join(', ')}, or \`external: true\``],
  });
}

/** For keys that an override may leave out: the schema, which sees one file, cannot ask for them. */
function requireKey(mapping: Mapping, key: string, path: string, diagnostics: Diagnostics): void {
  if (key in mapping) return;
  const message = `${path} needs the key \`${key}\``;
  diagnostics.error({ code: 'key-missing', message, at: placeOf(mapping), hints: [`add \`${key}:\``] });
}

const namePattern = /^[a-zA-Z0-9._-]+$/;

function checkNames(
  mapping: Mapping | undefined,
  path: string,
  pattern: RegExp,
  diagnostics: Diagnostics,
): void {
  for (const name of Object.keys(mapping ?? {})) {
    if (!mapping || pattern.test(name)) continue;
    const message = `\`${name}\` is not a valid name in ${path}`;
    diagnostics.error({ code: 'name-invalid', message, at: keyPlace(mapping, name), hints: [nameHint] });
  }
}

function checkService(service: Mapping, path: string, diagnostics: Diagnostics): void {
  for (const [name, dependency] of mappingsOf(service, 'depends_on')) {
    requireKey(dependency, 'condition', `${path}.depends_on.${name}`, diagnostics);
  }
  checkNames(mappingAt(service, 'ulimits'), `${path}.ulimits`, /^[a-z]+$/, diagnostics);
  const provider = mappingAt(service, 'provider');
  if (provider) requireKey(provider, 'type', `${path}.provider`, diagnostics);
  const ports = service['ports'];
  (isList(ports) ? ports : []).forEach((port, index) => {
    const address = isMapping(port) ? port['host_ip'] : undefined;
    if (!isMapping(port) || typeof address !== 'string' || isIp(address) || address.includes('$')) return;
    const message = `${path}.ports[${index}]: \`${address}\` is not an IP address`;
    const at = valuePlace(port, 'host_ip');
    diagnostics.error({ code: 'port-invalid', message, at, hints: ['give an address of this host'] });
  });
  const reservations = mappingAt(mappingAt(mappingAt(service, 'deploy'), 'resources'), 'reservations');
  checkDevices(service['gpus'], `${path}.gpus`, diagnostics);
  checkDevices(reservations?.['devices'], `${path}.deploy.resources.reservations.devices`, diagnostics);
}

function checkDevices(requests: unknown, path: string, diagnostics: Diagnostics): void {
  (Array.isArray(requests) ? requests : []).forEach((request, index) => {
    if (!isMapping(request) || !('count' in request && 'device_ids' in request)) return;
    const message = `${path}[${index}] has both \`count\` and \`device_ids\``;
    diagnostics.error({
      code: 'key-exclusive',
      message,
      at: keyPlace(request, 'device_ids'),
      hints: ['keep one'],
    });
  });
}
