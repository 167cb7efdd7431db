// Phase: a service takes over another one, of its own file or of another. Source: compose-spec 05-services.md, extends.

import { dirname, relative } from 'node:path';
import { findNearest } from '../../base/suggest.ts';
import type { Place } from '../text/source-text.ts';
import {
  isMapping,
  keyPlace,
  type Mapping,
  mappingAt,
  newMapping,
  removeEntry,
  setEntry,
  valuePlace,
} from '../text/tree.ts';
import { prepareDocument, readDocuments } from './document.ts';
import { locateFile } from './locate.ts';
import { copyBase, mergeProjects, mergeService } from './merge.ts';
import { resolvePaths } from './resolve-paths.ts';
import type { Scope } from './scope.ts';

/** Services of one file that may extend each other. */
interface Family {
  readonly file: string;
  readonly services: Mapping;
  readonly scope: Scope;
}

interface Link {
  readonly file: string;
  readonly service: string;
}

/** Replaces every service that extends something by the merged one, in place. */
export function resolveExtends(document: Mapping, file: string, scope: Scope): void {
  const services = mappingAt(document, 'services');
  if (!services) return;
  const family = { file, services, scope };
  for (const name of Object.keys(services)) resolveService(name, family, []);
}

function resolveService(name: string, family: Family, chain: readonly Link[]): Mapping | undefined {
  const service = family.services[name];
  if (!isMapping(service)) return undefined;
  const reference = mappingAt(service, 'extends');
  if (!reference) return service;
  const { diagnostics } = family.scope.run;
  const at = valuePlace(service, 'extends');
  const link = { file: family.file, service: name };
  if (chain.some((other) => other.file === link.file && other.service === link.service)) {
    diagnostics.error({
      code: 'extends-cycle',
      message: `service \`${name}\` extends itself: ${[...chain, link].map((one) => one.service).join(' -> ')}`,
      at,
      hints: ['remove one of these extends'],
    });
    return undefined;
  }
  const target = findTarget(reference, family, name, at);
  const base = target && resolveService(target.name, target.family, [...chain, link]);
  removeEntry(service, 'extends');
  if (!base) return service;
  const merged = mergeService(copyBase(base), service, name, family.scope.run);
  setEntry(family.services, name, merged, valuePlace(family.services, name), keyPlace(family.services, name));
  return merged;
}

function findTarget(
  reference: Mapping,
  family: Family,
  name: string,
  at: Place,
): { name: string; family: Family } | undefined {
  const wanted = String(reference['service']);
  const file = reference['file'];
  const home = typeof file === 'string' ? openFamily(file, family, valuePlace(reference, 'file')) : family;
  if (!home) return undefined;
  // It may be empty.
  if (wanted in home.services) return { name: wanted, family: home };
  const nearest = findNearest(wanted, Object.keys(home.services));
  const where = home === family ? 'this file' : relative(family.scope.directory, home.file);
  family.scope.run.diagnostics.error({
    code: 'service-unknown',
    message: `service \`${name}\` extends \`${wanted}\`, which is not in ${where}`,
    at: 'service' in reference ? valuePlace(reference, 'service') : at,
    hints: nearest
      ? [`did you mean \`${nearest}\`?`]
      : home === family
        ? ['a service of another file needs `file:` as well']
        : [`it has ${Object.keys(home.services).join(', ') || 'no services'}`],
  });
  return undefined;
}

function openFamily(name: string, family: Family, at: Place): Family | undefined {
  const { scope } = family;
  const { run } = scope;
  const file = locateFile(name, scope.directory, run, at);
  if (file === undefined) return undefined;
  const directory = dirname(file);
  const inner: Scope = { ...scope, directory, pathBase: extendedBase(directory, scope) };
  const key = `${scope.chain.length}:${scope.directory}:${file}`;
  if (!run.extended.has(key)) run.extended.set(key, loadExtended(file, inner, at));
  const services = run.extended.get(key);
  return services && { file, services, scope: inner };
}

function extendedBase(directory: string, scope: Scope): string {
  return scope.pathBase?.startsWith('/') ? directory : relative(scope.directory, directory);
}

/** The services of a file, their paths resolved against it; its own includes and extends are left alone here. */
function loadExtended(file: string, scope: Scope, at: Place): Mapping | undefined {
  const { run } = scope;
  const wanted = { code: 'extends-missing' as const, what: 'the extended file', at };
  let project = newMapping();
  for (const tree of readDocuments(file, run, wanted)) {
    if (prepareDocument(tree, scope) === 'invalid') return undefined;
    project = mergeProjects(project, tree, run);
  }
  if (scope.pathBase !== undefined) resolvePaths(project, scope.pathBase, run);
  const services = mappingAt(project, 'services');
  if (!services && !run.diagnostics.failed) {
    run.diagnostics.error({
      code: 'extends-missing',
      message: `${file} has no services`,
      at,
      hints: ['name another file'],
    });
  }
  return services;
}
