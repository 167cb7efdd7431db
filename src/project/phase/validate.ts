// Phase: a file against the schema. Each violation becomes one message at the place that has to change.

import { findNearest } from '../../base/suggest.ts';
import type { Diagnostics, Finding } from '../diagnostic/diagnostics.ts';
import { findSchema, homesOf, keysOf, type Schema } from '../diagnostic/schema-lookup.ts';
import validateSchema, { type SchemaError } from '../generated/validator.mjs';
import {
  describeKind,
  findPlace,
  formatPath,
  isList,
  isMapping,
  keyPlace,
  type Mapping,
  type Path,
  type Value,
} from '../text/tree.ts';

/** `incomplete`: something is empty, and may get its value from what it is merged with. See `checkEmpty`. */
export type DocumentState = 'complete' | 'incomplete' | 'invalid';

export function validate(root: Mapping, diagnostics: Diagnostics): DocumentState {
  if (validateSchema(root)) return 'complete';
  const errors = validateSchema.errors ?? [];
  const findings = errors.filter((error) => !isEmptyValue(error, root)).map((error) => describe(error, root));
  for (const finding of findings) diagnostics.error(finding);
  return findings.length === 0 ? 'incomplete' : 'invalid';
}

/** On a merged tree, in long form: keys whose value is missing still. */
export function checkEmpty(root: Mapping, diagnostics: Diagnostics): void {
  if (validateSchema(root)) return;
  for (const error of validateSchema.errors ?? []) {
    if (isEmptyValue(error, root)) diagnostics.error(describe(error, root));
  }
}

function isEmptyValue(error: SchemaError, root: Mapping): boolean {
  return error.keyword === 'type' && valueAt(root, toPath(error.instancePath, root)) === null;
}

function describe(error: SchemaError, root: Mapping): Finding {
  const path = toPath(error.instancePath, root);
  const value = valueAt(root, path);
  const at = findPlace(root, path);
  const where = formatPath(path);
  const schema = findSchema(path);
  switch (error.keyword) {
    case 'additionalProperties':
      return describeUnknownKey(String(error.params['additionalProperty']), path, value);
    case 'type':
      return { ...describeType(error, where, value), at };
    case 'enum':
      return { ...describeEnum(error, where, value), at };
    case 'required': {
      const key = String(error.params['missingProperty']);
      return {
        code: 'key-missing',
        message: `${where} needs the key \`${key}\``,
        at,
        hints: [`add \`${key}:\``],
      };
    }
    case 'uniqueItems': {
      const item = isList(value) ? value[Number(error.params['i'])] : undefined;
      const duplicate = findPlace(root, [...path, Number(error.params['i'])]);
      const message = `${where} has ${JSON.stringify(item)} twice`;
      return { code: 'item-duplicate', message, at: duplicate, hints: ['remove one of the two'] };
    }
    case 'minimum':
      return { code: 'value-range', message: `${where} must be at least ${error.params['limit']}`, at };
    case 'maximum':
      return { code: 'value-range', message: `${where} must be at most ${error.params['limit']}`, at };
    default:
      return { ...describePattern(where, value, schema), at };
  }
}

export const nameHint = 'names have letters, digits, `.`, `_` and `-` only';

function describeUnknownKey(key: string, path: Path, value: Value | undefined): Finding {
  const at = isMapping(value) ? keyPlace(value, key) : undefined;
  const schema = findSchema(path);
  if (schema?.patternProperties && !schema.properties) {
    const message = `\`${key}\` is not a valid name in ${formatPath(path)}`;
    return {
      code: 'name-invalid',
      message,
      at,
      hints: [nameHint],
    };
  }
  const message = `unknown key \`${key}\` ${describeOwner(path)}`;
  return { code: 'key-unknown', message, at, hints: hintsForKey(key, path, schema, value) };
}

function describeOwner(path: Path): string {
  if (path.length === 0) return 'at the top of the file';
  const [section, name] = path;
  if (path.length === 2 && typeof section === 'string' && typeof name === 'string')
    return `in ${section.replace(/s$/, '')} \`${name}\``;
  return `in ${formatPath(path)}`;
}

function hintsForKey(
  key: string,
  path: Path,
  schema: Schema | undefined,
  owner: Value | undefined,
): string[] {
  const nearest = findNearest(key, keysOf(schema));
  if (nearest) return [`did you mean \`${nearest}\`?`];
  const value = isMapping(owner) ? owner[key] : undefined;
  if (path.length === 0 && isMapping(value) && ('image' in value || 'build' in value)) {
    return ['a service goes under `services:`, indented below it'];
  }
  const homes = homesOf(key, path);
  if (homes.length > 0) return [`\`${key}\` goes under ${homes.map((home) => `\`${home}\``).join(' or ')}`];
  return ['keys of your own start with `x-`'];
}

const kindNames: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  null: 'empty',
};

function describeType(error: SchemaError, where: string, value: Value | undefined): Omit<Finding, 'at'> {
  const wanted = [error.params['type']].flat().map(String);
  // Numbers and booleans may be written as text, for variables; as advice that would only confuse.
  const typed = wanted.filter(
    (type) => type !== 'string' || !wanted.some((other) => /number|integer|boolean/.test(other)),
  );
  const isAnyScalar = wanted.includes('string') && wanted.includes('number') && !wanted.includes('object');
  const names = isAnyScalar ? ['a single value'] : typed.map((type) => kindNames[type] ?? type);
  const message = `${where} must be ${joinAlternatives(names)}, and this is ${describeKind(value)}`;
  return { code: 'value-type', message, hints: hintsForType(wanted, value) };
}

function hintsForType(wanted: readonly string[], value: Value | undefined): string[] {
  if (value === null) return ['give it a value, or remove the key'];
  if (wanted.includes('array') && !isMapping(value))
    return ['write it as a list: `- value`, one on each line'];
  if (wanted.includes('string') && (typeof value === 'number' || typeof value === 'boolean')) {
    return [`put it in quotes: "${value}"`];
  }
  if (wanted.includes('object') && isList(value)) return ['write `key: value` instead of `- item`'];
  const glued = typeof value === 'string' ? /^([\w-]+):(\S.*)$/.exec(value) : null;
  if (wanted.includes('object') && glued) return [`a space is missing: \`${glued[1]}: ${glued[2]}\``];
  return [];
}

function describeEnum(error: SchemaError, where: string, value: Value | undefined): Omit<Finding, 'at'> {
  const allowed = ((error.params['allowedValues'] as unknown[]) ?? []).map(String);
  const nearest = typeof value === 'string' ? findNearest(value, allowed) : undefined;
  const message = `${where} must be ${joinAlternatives(allowed)}, not ${JSON.stringify(value)}`;
  return { code: 'value-enum', message, hints: nearest ? [`did you mean \`${nearest}\`?`] : [] };
}

function describePattern(
  where: string,
  value: Value | undefined,
  schema: Schema | undefined,
): Omit<Finding, 'at'> {
  if (where.endsWith('.container_name')) {
    const hints = ['it takes letters, digits, `.`, `_` and `-`, at least two, the first a letter or a digit'];
    return { code: 'value-format', message: `${JSON.stringify(value)} is not a valid container name`, hints };
  }
  if (where.endsWith('.pull_policy')) {
    const policies = ['always', 'never', 'missing', 'if_not_present', 'build', 'daily', 'weekly', 'refresh'];
    const nearest = typeof value === 'string' ? findNearest(value, policies) : undefined;
    const hints = nearest ? [`did you mean \`${nearest}\`?`] : ['or `every_12h`, with w, d, h, m, s'];
    return { code: 'value-enum', message: `${where} must be ${joinAlternatives(policies)}`, hints };
  }
  return { code: 'value-format', message: `${where} must match ${schema?.pattern ?? 'the schema'}` };
}

function joinAlternatives(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function toPath(pointer: string, root: Value): Path {
  const path: (string | number)[] = [];
  let node: Value | undefined = root;
  for (const step of pointer.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (isList(node)) {
      path.push(Number(key));
      node = node[Number(key)];
    } else {
      path.push(key);
      node = isMapping(node) ? node[key] : undefined;
    }
  }
  return path;
}

function valueAt(root: Value, path: Path): Value | undefined {
  let node: Value | undefined = root;
  for (const step of path) {
    if (isList(node)) node = node[Number(step)];
    else node = isMapping(node) ? node[String(step)] : undefined;
  }
  return node;
}
