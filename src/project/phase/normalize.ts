// Phase: what the specification adds to a project: the default network, implicit dependencies, names of resources.

import type { Place } from '../text/source-text.ts';
import {
  isList,
  isMapping,
  keyPlace,
  type List,
  type Mapping,
  mappingAt,
  newList,
  newMapping,
  placeOf,
  pushItem,
  removeEntry,
  setEntry,
  type Value,
  valuePlace,
} from '../text/tree.ts';

export function normalize(root: Mapping, projectName: string): void {
  const services = mappingAt(root, 'services');
  let usesDefault = false;
  for (const name of Object.keys(services ?? {})) {
    const service = services?.[name];
    if (!isMapping(service)) continue;
    const at = keyPlace(services as Mapping, name);
    usesDefault = joinDefaultNetwork(service, at) || usesDefault;
    normalizeService(service, at);
  }
  if (usesDefault) declareDefaultNetwork(root);
  nameResources(root, projectName);
}

/** Whether the service is on the network `default`. */
function joinDefaultNetwork(service: Mapping, at: Place): boolean {
  if ('provider' in service || 'network_mode' in service) return false;
  const networks = mappingAt(service, 'networks');
  if (networks && Object.keys(networks).length > 0) return 'default' in networks;
  const joined = newMapping(at);
  setEntry(joined, 'default', null, at);
  setEntry(service, 'networks', joined, at);
  return true;
}

function declareDefaultNetwork(root: Mapping): void {
  const networks = mappingAt(root, 'networks') ?? newMapping();
  if (!('networks' in root)) setEntry(root, 'networks', networks, 0);
  if (!('default' in networks)) setEntry(networks, 'default', null, 0);
}

function normalizeService(service: Mapping, at: Place): void {
  if (service['pull_policy'] === 'if_not_present') service['pull_policy'] = 'missing';
  const build = mappingAt(service, 'build');
  if (build && !('dockerfile' in build) && !('dockerfile_inline' in build)) {
    setEntry(build, 'dockerfile', 'Dockerfile', valuePlace(service, 'build'));
  }
  dropUnsetArguments(build);
  addImplicitDependencies(service, at);
  inheritHookImage(service);
}

/** A build argument that nothing gives a value is not passed; the Dockerfile's default holds. */
function dropUnsetArguments(build: Mapping | undefined): void {
  const list = build?.['args'];
  // Uninterpolated, it is still a list.
  if (build && isList(list)) setEntry(build, 'args', assignments(list), valuePlace(build, 'args'));
  const args = mappingAt(build, 'args');
  for (const name of Object.keys(args ?? {})) if (args?.[name] === null) removeEntry(args, name);
}

function assignments(list: List): List {
  const result = newList(placeOf(list));
  list.forEach((item, index) => {
    if (String(item).includes('=')) pushItem(result, item, valuePlace(list, index));
  });
  return result;
}

const sharedNamespaces = ['network_mode', 'ipc', 'pid', 'uts', 'cgroup'];

/** Source: compose-spec 05-services.md: a service starts after those whose links, namespaces or volumes it uses. */
function addImplicitDependencies(service: Mapping, at: Place): void {
  const dependencies = mappingAt(service, 'depends_on') ?? newMapping(at);
  const add = (name: string, restart: boolean, place: Place) => {
    if (name in dependencies) return;
    const dependency = newMapping(place);
    setEntry(dependency, 'condition', 'service_started', place);
    setEntry(dependency, 'required', true, place);
    setEntry(dependency, 'restart', restart, place);
    setEntry(dependencies, name, dependency, place);
  };
  eachText(service['links'], (link, place) => add(link.split(':')[0] ?? link, true, place));
  for (const key of sharedNamespaces) {
    const mode = service[key];
    if (typeof mode === 'string' && mode.startsWith('service:')) {
      add(mode.slice('service:'.length), true, valuePlace(service, key));
    }
  }
  eachText(service['volumes_from'], (source, place) => {
    if (!source.startsWith('container:')) add(source.split(':')[0] ?? source, false, place);
  });
  if (Object.keys(dependencies).length > 0 && !('depends_on' in service)) {
    setEntry(service, 'depends_on', dependencies, at);
  }
}

function eachText(list: Value | undefined, visit: (text: string, place: Place) => void): void {
  if (!isList(list)) return;
  list.forEach((item, index) => {
    visit(String(item), valuePlace(list, index));
  });
}

/** A pre_start hook without an image of its own runs in the service's. */
function inheritHookImage(service: Mapping): void {
  const hooks = service['pre_start'];
  const image = service['image'];
  if (!isList(hooks) || typeof image !== 'string' || image === '') return;
  for (const hook of hooks) {
    if (isMapping(hook) && !('image' in hook)) setEntry(hook, 'image', image, valuePlace(service, 'image'));
  }
}

function nameResources(root: Mapping, projectName: string): void {
  for (const section of ['networks', 'volumes', 'configs', 'secrets']) {
    const resources = mappingAt(root, section);
    if (!resources) continue;
    for (const key of Object.keys(resources)) nameResource(resources, key, projectName);
  }
}

function nameResource(resources: Mapping, key: string, projectName: string): void {
  const at = valuePlace(resources, key);
  const resource = mappingAt(resources, key) ?? newMapping(at);
  if (resources[key] === null) setEntry(resources, key, resource, at);
  if (resource['name'] !== undefined && resource['name'] !== null) return;
  const isExternal = resource['external'] === true || resource['external'] === 'true';
  setEntry(resource, 'name', isExternal ? key : `${projectName}_${key}`, at);
}
