// One violation of the schema as one message, at the place that has to change.

import { findNearest } from '../../base/suggest.ts';
import type { SchemaViolation } from '../schema/check-schema.ts';
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
  valueAt,
} from '../text/tree.ts';
import type { Finding } from './diagnostics.ts';
import { hintsForKey } from './key-hint.ts';
import { findSchema } from './schema-lookup.ts';

export const nameHint = 'names have letters, digits, `.`, `_` and `-` only';

interface Violation {
  readonly error: SchemaViolation;
  readonly root: Mapping;
  readonly path: Path;
  readonly value: Value | undefined;
  /** `services.web.ports[0]` */
  readonly where: string;
}

type Describe = (violation: Violation) => Finding;

export function describeViolation(error: SchemaViolation, root: Mapping): Finding {
  const { path } = error;
  const violation = { error, root, path, value: valueAt(root, path), where: formatPath(path) };
  const finding = descriptions[error.keyword](violation);
  return { at: findPlace(root, path), ...finding };
}

const descriptions: Readonly<Record<SchemaViolation['keyword'], Describe>> = {
  unknown: describeUnknownKey,
  type: describeType,
  enum: describeEnum,
  pattern: describePattern,
  required({ error, where }) {
    const key = String(error.at);
    return { code: 'key-missing', message: `${where} needs the key \`${key}\``, hints: [`add \`${key}:\``] };
  },
  uniqueItems({ error, root, path, value, where }) {
    const index = Number(error.at);
    const item = isList(value) ? value[index] : undefined;
    return {
      code: 'item-duplicate',
      message: `${where} has ${JSON.stringify(item)} twice`,
      at: findPlace(root, [...path, index]),
      hints: ['remove one of the two'],
    };
  },
  minimum: ({ error, where }) => ({
    code: 'value-range',
    message: `${where} must be at least ${error.schema.minimum}`,
  }),
  maximum: ({ error, where }) => ({
    code: 'value-range',
    message: `${where} must be at most ${error.schema.maximum}`,
  }),
};

function describeUnknownKey({ error, path, value }: Violation): Finding {
  const key = String(error.at);
  const at = isMapping(value) ? keyPlace(value, key) : undefined;
  const schema = findSchema(path);
  if (schema?.patternProperties && !schema.properties) {
    const message = `\`${key}\` is not a valid name in ${formatPath(path)}`;
    return { code: 'name-invalid', message, at, hints: [nameHint] };
  }
  const message = `unknown key \`${key}\` ${describeOwner(path)}`;
  return { code: 'key-unknown', message, at, hints: hintsForKey(key, path, value) };
}

function describeOwner(path: Path): string {
  if (path.length === 0) return 'at the top of the file';
  const [section, name] = path;
  const isNamed = path.length === 2 && typeof section === 'string' && typeof name === 'string';
  return isNamed ? `in ${section.replace(/s$/, '')} \`${name}\`` : `in ${formatPath(path)}`;
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

function describeType({ error, path, value, where }: Violation): Finding {
  const wanted = [error.schema.type ?? []].flat().map(String);
  const isTyped = wanted.some((type) => /number|integer|boolean/.test(type));
  // Numbers and booleans may be written as text, for variables; as advice that would only confuse.
  const advised = wanted.filter((type) => type !== 'string' || !isTyped);
  const isAnyScalar = wanted.includes('string') && wanted.includes('number') && !wanted.includes('object');
  const names = isAnyScalar ? ['a single value'] : advised.map((type) => kindNames[type] ?? type);
  const message = `${where} must be ${joinAlternatives(names)}, and this is ${describeKind(value)}`;
  return { code: 'value-type', message, hints: hintsForType(wanted, value, path.at(-1)) };
}

const durations = [
  'stop_grace_period',
  'interval',
  'timeout',
  'start_period',
  'start_interval',
  'delay',
  'monitor',
  'window',
];

function hintsForType(
  wanted: readonly string[],
  value: Value | undefined,
  key: string | number | undefined,
): string[] {
  if (value === null) return ['give it a value, or remove the key'];
  if (wanted.includes('array') && !isMapping(value))
    return ['write it as a list: `- value`, one on each line'];
  if (wanted.includes('string') && (typeof value === 'number' || typeof value === 'boolean')) {
    if (key === 'restart') return ['write no, always, on-failure, on-failure:3 or unless-stopped'];
    return [durations.includes(String(key)) ? `add a unit: ${value}s` : `put it in quotes: "${value}"`];
  }
  if (!wanted.includes('object')) return [];
  if (isList(value)) return ['write `key: value` instead of `- item`'];
  const glued = typeof value === 'string' ? /^([\w-]+):(\S.*)$/.exec(value) : null;
  return glued ? [`a space is missing: \`${glued[1]}: ${glued[2]}\``] : [];
}

function describeEnum({ error, value, where }: Violation): Finding {
  const allowed = (error.schema.enum ?? []).map(String);
  const message = `${where} must be ${joinAlternatives(allowed)}, not ${JSON.stringify(value)}`;
  return { code: 'value-enum', message, hints: suggest(value, allowed) };
}

const policies = ['always', 'never', 'missing', 'if_not_present', 'build', 'daily', 'weekly', 'refresh'];

function describePattern({ value, where, path }: Violation): Finding {
  if (path.at(-1) === 'pull_policy') {
    const message = `${where} must be ${joinAlternatives(policies)}, or every_12h`;
    return { code: 'value-enum', message, hints: suggest(value, policies) };
  }
  if (path.at(-1) === 'gpus') {
    return { code: 'value-enum', message: `${where} must be \`all\` or a list of device requests` };
  }
  return {
    code: 'value-format',
    message: `${JSON.stringify(value)} is not a valid container name`,
    hints: ['it takes letters, digits, `.`, `_` and `-`, at least two, the first a letter or a digit'],
  };
}

function suggest(value: Value | undefined, allowed: readonly string[]): string[] {
  const nearest = typeof value === 'string' ? findNearest(value, allowed) : undefined;
  return nearest ? [`did you mean \`${nearest}\`?`] : [];
}

function joinAlternatives(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
