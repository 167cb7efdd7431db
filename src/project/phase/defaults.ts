// Phase: what long forms mean by leaving something out, once nothing is merged over them any more.

import { cleanPath } from '../../base/path.ts';
import {
  isList,
  isMapping,
  type Mapping,
  mappingAt,
  setEntry,
  type Value,
  valuePlace,
} from '../text/tree.ts';

export function fillDefaults(root: Mapping): void {
  const own = mappingAt(root, 'x-tcompose');
  for (const service of Object.values(mappingAt(root, 'services') ?? {})) {
    if (!isMapping(service)) continue;
    fillService(service);
    if (own?.['userns'] !== undefined && !service['userns_mode']) {
      setEntry(service, 'userns_mode', own['userns'], valuePlace(own, 'userns'));
    }
  }
}

function fillService(service: Mapping): void {
  const build = mappingAt(service, 'build');
  if (build) fill(build, 'context', '.', valuePlace(service, 'build'));
  for (const dependency of Object.values(mappingAt(service, 'depends_on') ?? {})) {
    if (isMapping(dependency)) fill(dependency, 'required', true);
  }
  for (const file of mappings(service['env_file'])) fill(file, 'required', true);
  for (const port of mappings(service['ports'])) {
    fill(port, 'mode', 'ingress');
    fill(port, 'protocol', 'tcp');
  }
  for (const secret of mappings(service['secrets'])) {
    if (typeof secret['source'] === 'string') fill(secret, 'target', `/run/secrets/${secret['source']}`);
  }
  for (const mount of mappings(service['volumes'])) fillMount(mount);
  const reservations = mappingAt(mappingAt(mappingAt(service, 'deploy'), 'resources'), 'reservations');
  for (const request of [...mappings(service['gpus']), ...mappings(reservations?.['devices'])]) {
    if (!('device_ids' in request)) fill(request, 'count', 'all');
  }
}

function fillMount(mount: Mapping): void {
  if (typeof mount['target'] === 'string') mount['target'] = cleanPath(mount['target']);
  const bind = mappingAt(mount, 'bind');
  if (bind) fill(bind, 'create_host_path', true);
}

function fill(mapping: Mapping, key: string, value: Value, at = valuePlace(mapping, key)): void {
  if (!(key in mapping)) setEntry(mapping, key, value, at);
}

function mappings(value: Value | undefined): Mapping[] {
  return isList(value) ? value.filter(isMapping) : [];
}
