// Phase: relative paths in values become absolute, before values of different directories meet.

import { join } from 'node:path';
import { cleanPath } from '../../base/path.ts';
import { isList, isMapping, type Mapping, mappingAt, type Value } from '../text/tree.ts';
import type { LoadRun } from './scope.ts';

/** `base` may be relative when paths are only moved, not resolved. */
export function resolvePaths(root: Mapping, base: string, run: Pick<LoadRun, 'home' | 'reader'>): void {
  const { home } = run;
  const path = (text: string) => resolvePath(text, base, home);
  const real = (text: string) => run.reader.realpath?.(path(text)) ?? path(text);
  for (const service of mappingsOf(root, 'services')) resolveServicePaths(service, path, real);
  for (const section of ['configs', 'secrets']) {
    for (const object of mappingsOf(root, section)) replaceText(object, 'file', path);
  }
  for (const volume of mappingsOf(root, 'volumes')) {
    const options = mappingAt(volume, 'driver_opts');
    const isLocal = volume['driver'] === undefined || volume['driver'] === 'local';
    // An empty device is the directory itself.
    if (isLocal && options?.['o'] === 'bind') replaceText(options, 'device', (text) => path(text || '.'));
  }
}

type Resolve = (text: string) => string;

function resolveServicePaths(service: Mapping, path: Resolve, real: Resolve): void {
  const build = mappingAt(service, 'build');
  if (build) {
    const context: Resolve = (text) => (isContextUrl(text) ? text : path(text));
    replaceText(build, 'context', context);
    replaceEach(build['additional_contexts'], context);
    replaceEach(build['ssh'], path);
  }
  for (const file of itemsOf(service['env_file'])) if (isMapping(file)) replaceText(file, 'path', path);
  replaceEach(service['label_file'], path);
  const reference = mappingAt(service, 'extends');
  if (reference) replaceText(reference, 'file', path);
  for (const trigger of itemsOf(mappingAt(service, 'develop')?.['watch'])) {
    // Events name files by their real paths.
    if (isMapping(trigger)) replaceText(trigger, 'path', real);
  }
  for (const mount of itemsOf(service['volumes'])) {
    if (isMapping(mount) && mount['type'] === 'bind') replaceText(mount, 'source', path);
  }
}

/** A context that a builder fetches by itself, or another service's image. */
function isContextUrl(text: string): boolean {
  return /:\/\/|^github\.com\/|^git@|^service:/.test(text);
}

function resolvePath(text: string, base: string, home: string | undefined): string {
  const expanded = text.startsWith('~') && home !== undefined ? cleanPath(join(home, text.slice(1))) : text;
  const isAbsolute = /^\/|^[a-zA-Z]:[\\/]|^\\\\/.test(expanded);
  return isAbsolute || expanded === '' || expanded.startsWith('$')
    ? expanded
    : cleanPath(join(base, expanded));
}

function mappingsOf(root: Mapping, section: string): Mapping[] {
  return Object.values(mappingAt(root, section) ?? {}).filter(isMapping);
}

function itemsOf(value: Value | undefined): readonly Value[] {
  return isList(value) ? value : [];
}

function replaceText(owner: Mapping, key: string, path: Resolve): void {
  const value = owner[key];
  if (typeof value === 'string') owner[key] = path(value);
}

function replaceEach(container: Value | undefined, path: Resolve): void {
  if (isMapping(container)) for (const key of Object.keys(container)) replaceText(container, key, path);
  if (!isList(container)) return;
  container.forEach((item, index) => {
    if (typeof item === 'string') container[index] = path(item);
  });
}
