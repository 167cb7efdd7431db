// `config --upgrade`: a file of an older format in today's words, with its comments, order and quotes. What it means is
// what phase/legacy-format.ts and phase/legacy-keys.ts make of it.

import { type Document, isMap, isScalar, isSeq, type Pair, parseAllDocuments, Scalar, YAMLMap } from 'yaml';
import { parseDuration } from '../base/duration.ts';
import { Diagnostics } from './diagnostic/diagnostics.ts';
import { isFormat1, namedVolume } from './phase/legacy-format.ts';
import { Sources } from './text/source-text.ts';
import { parseYaml } from './text/yaml.ts';

/** The text of the file in today's form. Throws TcError if it is no YAML. */
export function upgradeFile(file: string, text: string): string {
  const sources = new Sources();
  const diagnostics = new Diagnostics(sources);
  const trees = parseYaml(sources.add(file, text), diagnostics);
  diagnostics.throwIfFailed();
  const documents = parseAllDocuments(text, { schema: 'failsafe', uniqueKeys: false });
  if (!Array.isArray(documents)) return text;
  documents.forEach((document, index) => {
    const root = document.contents;
    const tree = trees[index];
    if (!isMap(root) || !tree) return;
    if (isFormat1(tree)) moveServices(root as YAMLMap, document);
    upgradeRoot(root as YAMLMap, document);
  });
  const options = { lineWidth: 0, flowCollectionPadding: false, indentSeq: hasIndentedLists(text) };
  return documents.map((document) => document.toString(options)).join('');
}

/** Lists of the file stand right of their keys, or below them. */
function hasIndentedLists(text: string): boolean {
  return !/^( *)[^\s#-][^\n]*:\s*\n\1- /m.test(text);
}

function moveServices(root: YAMLMap, document: Document): void {
  const services = new YAMLMap();
  const isOwn = (pair: Pair) =>
    keyOf(pair).startsWith('x-') || (keyOf(pair) === 'version' && !isMap(pair.value));
  services.items = root.items.filter((pair) => !isOwn(pair));
  root.items = root.items.filter(isOwn);
  const first = services.items[0]?.key;
  if (isScalar(first)) first.spaceBefore = false;
  root.set(document.createNode('services'), services);
  const volumes = new YAMLMap();
  for (const service of mapsIn(services)) {
    const hasLinks = [...itemsOf(service, 'links'), ...itemsOf(service, 'external_links')].length > 0;
    // The variables that came with links.
    if (hasLinks && !service.has('x-tcompose')) {
      service.set('x-tcompose', document.createNode({ link_variables: 'true' }));
    }
    for (const mount of itemsOf(service, 'volumes')) {
      const name = namedVolume(mount);
      if (name === undefined || volumes.has(name)) continue;
      // The names of format 1 are global.
      volumes.set(name, document.createNode({ name }));
    }
  }
  if (volumes.items.length > 0) addSection(root, 'volumes', volumes);
}

function addSection(root: YAMLMap, name: string, section: YAMLMap): void {
  const key = new Scalar(name);
  key.spaceBefore = true;
  if (root.has(name)) root.set(name, section);
  else root.set(key, section);
}

function upgradeRoot(root: YAMLMap, document: Document): void {
  removeVersion(root);
  const services = root.get('services');
  if (isMap(services)) {
    for (const service of mapsIn(services as YAMLMap))
      upgradeService(service, root, services as YAMLMap, document);
  }
  for (const section of ['networks', 'volumes', 'configs', 'secrets']) {
    const resources = root.get(section);
    if (isMap(resources))
      for (const resource of mapsIn(resources as YAMLMap)) upgradeExternal(resource, document);
  }
}

/** Its comment, often the file's own, goes to what follows. */
function removeVersion(root: YAMLMap): void {
  const at = root.items.findIndex((pair) => keyOf(pair) === 'version');
  if (at < 0) return;
  const [removed] = root.items.splice(at, 1);
  const next = root.items[at]?.key;
  const comment = (removed?.key as Scalar | undefined)?.commentBefore;
  if (!isScalar(next)) return;
  next.spaceBefore = at > 0 && next.spaceBefore;
  if (comment) next.commentBefore = next.commentBefore ? `${comment}\n${next.commentBefore}` : comment;
}

function upgradeService(service: YAMLMap, root: YAMLMap, services: YAMLMap, document: Document): void {
  const net = textOf(service, 'net');
  if (net !== undefined) {
    const target = net.startsWith('container:') ? net.slice('container:'.length) : undefined;
    const isService = target !== undefined && services.has(target);
    replacePair(service, 'net', 'network_mode', document.createNode(isService ? `service:${target}` : net));
  }
  upgradeLogging(service, document);
  upgradeDockerfile(service, document);
  upgradeVolumeDriver(service, root, document);
  if (!service.has('develop')) renameKey(service, 'x-develop', 'develop');
  for (const key of ['cpu_period', 'cpu_quota', 'cpu_rt_period', 'cpu_rt_runtime']) {
    const span = parseDuration(textOf(service, key) ?? '');
    if (span !== undefined) service.set(key, document.createNode(String(span / 1000)));
  }
  if (textOf(service, 'restart') === 'false') service.set('restart', quoted('no'));
  if (textOf(service, 'init')?.startsWith('/')) service.set('init', document.createNode('true'));
}

function upgradeLogging(service: YAMLMap, document: Document): void {
  const [driver, options] = [service.get('log_driver', true), service.get('log_opt', true)];
  if (driver === undefined && options === undefined) return;
  const logging = new YAMLMap();
  if (driver !== undefined) logging.set(document.createNode('driver'), driver);
  if (options !== undefined) logging.set(document.createNode('options'), options);
  const first = service.items.map(keyOf).find((key) => key === 'log_driver' || key === 'log_opt') ?? '';
  replacePair(service, first, 'logging', logging);
  service.delete('log_driver');
  service.delete('log_opt');
}

function upgradeDockerfile(service: YAMLMap, document: Document): void {
  const dockerfile = service.get('dockerfile', true);
  if (dockerfile === undefined) return;
  const build = service.get('build', true);
  const upgraded = isMap(build) ? (build as YAMLMap) : new YAMLMap();
  if (isScalar(build)) upgraded.set(document.createNode('context'), build);
  upgraded.set(document.createNode('dockerfile'), dockerfile);
  service.delete('dockerfile');
  service.set('build', upgraded);
}

function upgradeVolumeDriver(service: YAMLMap, root: YAMLMap, document: Document): void {
  const driver = textOf(service, 'volume_driver');
  if (driver === undefined) return;
  service.delete('volume_driver');
  const declared = root.get('volumes');
  const volumes = isMap(declared) ? (declared as YAMLMap) : new YAMLMap();
  for (const mount of itemsOf(service, 'volumes')) {
    const name = namedVolume(mount);
    if (name === undefined) continue;
    const own = volumes.get(name);
    const volume = isMap(own) ? (own as YAMLMap) : new YAMLMap();
    if (!volume.has('driver')) volume.set('driver', document.createNode(driver));
    volumes.set(name, volume);
  }
  if (volumes.items.length > 0) addSection(root, 'volumes', volumes);
}

function upgradeExternal(resource: YAMLMap, document: Document): void {
  const external = resource.get('external');
  if (!isMap(external)) return;
  const name = (external as YAMLMap).get('name', true);
  resource.set('external', document.createNode('true'));
  if (name !== undefined && !resource.has('name')) resource.items.unshift(document.createPair('name', name));
}

/** Puts another pair in the place of one, with its comments. */
function replacePair(map: YAMLMap, key: string, newKey: string, value: unknown): void {
  const pair = map.items.find((one) => keyOf(one) === key);
  if (!pair) return;
  if (isScalar(pair.key)) pair.key.value = newKey;
  if (isScalar(pair.value) && isScalar(value)) pair.value.value = value.value;
  else pair.value = value;
}

function renameKey(map: YAMLMap, key: string, newKey: string): void {
  const pair = map.items.find((one) => keyOf(one) === key);
  if (isScalar(pair?.key)) pair.key.value = newKey;
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : '';
}

function textOf(map: YAMLMap, key: string): string | undefined {
  const value = map.get(key);
  return typeof value === 'string' ? value : undefined;
}

function itemsOf(map: YAMLMap, key: string): string[] {
  const list = map.get(key);
  return isSeq(list) ? list.items.flatMap((item) => (isScalar(item) ? [String(item.value)] : [])) : [];
}

function mapsIn(map: YAMLMap): YAMLMap[] {
  return map.items.map((pair) => pair.value).filter((value): value is YAMLMap => isMap(value));
}

function quoted(text: string): Scalar {
  const scalar = new Scalar(text);
  scalar.type = 'QUOTE_DOUBLE';
  return scalar;
}
