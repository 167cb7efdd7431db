// A mapping with known keys.

import { describeKind, isMapping, type Mapping, type Value, valuePlace } from '../text/tree.ts';
import {
  type Codec,
  type Fields,
  fail,
  newRecord,
  type OutputFormat,
  type ParseContext,
  verbatim,
} from './codec.ts';

export interface StructOptions {
  /** Shown as `{}` when empty, in JSON (the Go type is no pointer) or always. */
  readonly whenEmpty?: 'json' | 'always';
}

/** Keys that are no fields (`x-*`) are kept as they stand, after the fields in YAML and not at all in JSON. */
export function struct(fields: Fields, options: StructOptions = {}): Codec {
  return {
    parse(value, context) {
      if (!isMapping(value)) {
        return fail(context, `must be a mapping, and this is ${describeKind(value)}`, [], 'value-type');
      }
      return parseFields(value, fields, context);
    },
    absent: options.whenEmpty === 'json' ? { json: formatFields({}, fields, 'json') } : undefined,
    format(value, output) {
      const result = formatFields(value as Record<string, unknown>, fields, output);
      const isShown = options.whenEmpty === 'always' || (options.whenEmpty === 'json' && output === 'json');
      return Object.keys(result).length > 0 || isShown ? result : undefined;
    },
  };
}

export function parseFields(value: Mapping, fields: Fields, context: ParseContext): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const parsed = parseField(value, key, fields[key] ?? verbatim, context);
    if (parsed !== undefined) result[key] = parsed;
  }
  return result;
}

function parseField(owner: Mapping, key: string, codec: Codec, context: ParseContext): unknown {
  const value: Value = owner[key] ?? null;
  return codec.parse(value, { ...context, path: `${context.path}.${key}`, at: valuePlace(owner, key) });
}

export function formatFields(
  value: Readonly<Record<string, unknown>>,
  fields: Fields,
  output: OutputFormat,
): Record<string, unknown> {
  const result = newRecord();
  for (const [key, codec] of Object.entries(fields)) {
    const own = value[key];
    const formatted = own === undefined ? codec.absent?.[output] : codec.format(own, output);
    if (formatted !== undefined) result[key] = formatted;
  }
  if (output === 'yaml') addExtensions(value, fields, result);
  return result;
}

function addExtensions(
  value: Readonly<Record<string, unknown>>,
  fields: Fields,
  result: Record<string, unknown>,
): void {
  for (const key of Object.keys(value).sort()) {
    if (key.startsWith('x-') && !(key in fields)) result[key] = value[key];
  }
}
