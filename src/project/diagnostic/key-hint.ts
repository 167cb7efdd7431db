// What to write instead of a key that is not known where it stands.

import { findNearest } from '../../base/suggest.ts';
import type { Schema } from '../schema/schema.ts';
import { isMapping, type Path, type Value } from '../text/tree.ts';
import { findSchema, keysOf, propertiesOf } from './schema-lookup.ts';

/** What docker run, Kubernetes and older tools call an attribute of a service. */
const otherWords: Readonly<Record<string, string>> = {
  arguments: 'command',
  args: 'command',
  cmd: 'command',
  cpu: 'cpus',
  cpuset_cpus: 'cpuset',
  env: 'environment',
  envfile: 'env_file',
  health: 'healthcheck',
  host: 'hostname',
  livenessProbe: 'healthcheck',
  log: 'logging',
  mem: 'mem_limit',
  memory: 'mem_limit',
  mount: 'volumes',
  mounts: 'volumes',
  name: 'container_name',
  publish: 'ports',
  pull: 'pull_policy',
  readonly: 'read_only',
  requires: 'depends_on',
  workdir: 'working_dir',
};

export function hintsForKey(key: string, path: Path, owner: Value | undefined): string[] {
  const schema = findSchema(path);
  const isService = path[0] === 'services' && path.length === 2;
  const known = isService && Object.hasOwn(otherWords, key) ? otherWords[key] : undefined;
  const nearest = known ?? findNearest(key, keysOf(schema));
  if (nearest) return [`did you mean \`${nearest}\`?`];
  const value = isMapping(owner) ? owner[key] : undefined;
  if (path.length === 0 && isMapping(value) && ('image' in value || 'build' in value)) {
    return ['a service goes under `services:`, indented below it'];
  }
  const home = findBelow(key, schema) ?? findAbove(key, path);
  return [home ?? 'keys of your own start with `x-`'];
}

/** `build:` for `target`, `deploy.resources.limits:` for `memory`. */
function findBelow(key: string, schema: Schema | undefined): string | undefined {
  let level: readonly (readonly [string, Schema])[] = propertiesOf(schema);
  for (let depth = 0; depth < 3; depth++) {
    const homes = level.filter(([, property]) => property.properties?.[key]).map(([name]) => `\`${name}:\``);
    if (homes.length > 0) return `\`${key}\` goes under ${homes.slice(0, 3).join(' or ')}`;
    level = level.flatMap(([name, property]) =>
      propertiesOf(property).map(([inner, value]) => [`${name}.${inner}`, value] as const),
    );
  }
  return undefined;
}

function findAbove(key: string, path: Path): string | undefined {
  for (let length = path.length - 1; length >= 0; length--) {
    const schema = findSchema(path.slice(0, length));
    if (!schema?.properties?.[key]) continue;
    const where = length === 0 ? 'at the top of the file' : `in ${path.slice(0, length).join('.')} itself`;
    return `\`${key}\` stands ${where}: check the indentation`;
  }
  return undefined;
}
