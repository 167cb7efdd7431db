// Phase: what takes its value from a variable of the environment: `environment: [NAME]`, and configs and secrets with
// `environment:`. Within an include, that is the include's environment.

import type { Environment } from '../text/environment.ts';
import { isMapping, keyPlace, type Mapping, mappingAt, setEntry, valuePlace } from '../text/tree.ts';
import type { LoadRun } from './scope.ts';
import type { Trace } from './trace.ts';

/** Where a config's or secret's value from the environment waits for the model. No file can have this key. */
export const resolvedContent = '#content';

/** Uninterpolated, values stay in their variables: no model would keep back those of secrets from what is printed. */
export function resolveInherited(
  root: Mapping,
  environment: Environment,
  { interpolation, trace }: Pick<LoadRun, 'interpolation' | 'trace'>,
): void {
  if (!interpolation) return;
  for (const service of mappingsIn(root, 'services')) {
    inherit(mappingAt(service, 'environment'), environment, trace);
    inherit(mappingAt(mappingAt(service, 'build'), 'args'), environment, trace);
  }
  for (const section of ['configs', 'secrets']) {
    for (const object of mappingsIn(root, section)) inheritContent(object, environment);
  }
}

function mappingsIn(root: Mapping, section: string): Mapping[] {
  return Object.values(mappingAt(root, section) ?? {}).filter(isMapping);
}

function inheritContent(object: Mapping, environment: Environment): void {
  if (resolvedContent in object) return;
  const name = object['environment'];
  const value = typeof name === 'string' ? environment.lookup(name) : undefined;
  if (value !== undefined) setEntry(object, resolvedContent, value, valuePlace(object, 'environment'));
}

function inherit(variables: Mapping | undefined, environment: Environment, trace: Trace | undefined): void {
  for (const name of Object.keys(variables ?? {})) {
    const value = variables?.[name] === null ? environment.lookup(name) : undefined;
    if (!variables || value === undefined) continue;
    const at = valuePlace(variables, name);
    setEntry(variables, name, value, at, keyPlace(variables, name));
    const use = { name, offset: 0 };
    trace?.template(at, { text: name, uses: [{ use, value, at: environment.entry(name)?.at }] });
  }
}
