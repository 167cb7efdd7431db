// Phase: of two items of a list that mean the same thing, the later stands, where the earlier was. Source: compose-spec
// 13-merge.md, "unique resources".

import {
  isList,
  isMapping,
  type List,
  type Mapping,
  mappingAt,
  newList,
  placeOf,
  pushItem,
  setEntry,
  setItem,
  type Value,
  valuePlace,
} from '../text/tree.ts';

/** What makes two items the same; undefined: like no other. */
type Identity = (item: Value) => string | undefined;

const byName: Identity = (item) =>
  isMapping(item) || isList(item) ? undefined : text(item)?.split('=', 1)[0];

const byTarget: Identity = (item) => (isMapping(item) ? text(item['target']) : text(item));

const byPath: Identity = (item) => (isMapping(item) ? text(item['path']) : text(item));

const byPort: Identity = (item) => {
  if (!isMapping(item)) return text(item);
  const { host_ip = '0.0.0.0', published = '', target, protocol = 'tcp' } = item;
  return target === undefined ? undefined : `${host_ip}:${published}:${target}/${protocol}`;
};

function byMountPoint(directory: string): Identity {
  return (item) => {
    if (!isMapping(item)) return typeof item === 'string' ? `${directory}/${item}` : undefined;
    return text(item['target'] ?? `${directory}/${String(item['source'])}`);
  };
}

function text(value: Value | undefined): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}

const identities: Readonly<Record<string, Identity>> = {
  annotations: byName,
  cap_add: byName,
  cap_drop: byName,
  configs: byMountPoint(''),
  devices: byTarget,
  dns: byName,
  dns_opt: byName,
  dns_search: byName,
  environment: byName,
  env_file: byPath,
  expose: byName,
  labels: byName,
  links: byName,
  ports: byPort,
  profiles: byName,
  secrets: byMountPoint('/run/secrets'),
  sysctls: byName,
  tmpfs: byName,
  volumes: byTarget,
};

export function removeRepeats(root: Mapping): void {
  for (const service of mappingsIn(root, 'services')) uniqueInService(service);
  for (const network of mappingsIn(root, 'networks')) uniqueAt(network, 'labels', byName);
}

/** Names and values are still lists only where nothing is interpolated. */
function uniqueInService(service: Mapping): void {
  for (const key of Object.keys(service)) uniqueAt(service, key, identities[key]);
  const build = mappingAt(service, 'build');
  for (const key of build ? ['args', 'labels', 'tags'] : []) uniqueAt(build as Mapping, key, byName);
  const deploy = mappingAt(service, 'deploy');
  if (deploy) uniqueAt(deploy, 'labels', byName);
  for (const network of mappingsIn(service, 'networks')) {
    uniqueAt(network, 'aliases', byName);
    uniqueAt(network, 'link_local_ips', byName);
  }
}

function mappingsIn(owner: Mapping, section: string): Mapping[] {
  return Object.values(mappingAt(owner, section) ?? {}).filter(isMapping);
}

function uniqueAt(owner: Mapping, key: string, identity: Identity | undefined): void {
  const list = owner[key];
  if (!identity || !isList(list) || list.length < 2) return;
  const unique = withoutRepeats(list, identity);
  if (unique.length < list.length) setEntry(owner, key, unique, valuePlace(owner, key));
}

function withoutRepeats(list: List, identity: Identity): List {
  const unique = newList(placeOf(list));
  const seen = new Map<string, number>();
  list.forEach((item, index) => {
    const id = identity(item);
    const earlier = id === undefined ? undefined : seen.get(id);
    if (earlier !== undefined) setItem(unique, earlier, item, valuePlace(list, index));
    else {
      if (id !== undefined) seen.set(id, unique.length);
      pushItem(unique, item, valuePlace(list, index));
    }
  });
  return unique;
}
