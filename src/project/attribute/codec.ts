// One attribute type, both ways: from a value in a file to the typed model, and from there to canonical output. The
// output follows the Go types behind `docker compose config`: what they leave out when empty is left out here.

import { formatDuration, parseDuration } from '../../base/duration.ts';
import { parseBytes } from '../../base/units.ts';
import type { DiagnosticCode } from '../diagnostic/diagnostic-code.ts';
import type { Diagnostics } from '../diagnostic/diagnostics.ts';
import { formatGoFloat, isInteger64 } from '../text/go-number.ts';
import { compareNaturally } from '../text/natural-order.ts';
import type { Place } from '../text/source-text.ts';
import { describeKind, isList, isMapping, type Value, valuePlace } from '../text/tree.ts';

export type OutputFormat = 'yaml' | 'json';

export interface ParseContext {
  readonly diagnostics: Diagnostics;
  readonly path: string;
  readonly at: Place;
}

export interface Codec {
  /** The typed value; undefined after an error was reported. */
  parse(value: Value, context: ParseContext): unknown;
  /** Undefined: left out. */
  format(value: unknown, output: OutputFormat): unknown;
  /** What is shown where the attribute is absent; by default nothing. */
  readonly absent?: Readonly<Partial<Record<OutputFormat, unknown>>>;
}

export type Fields = Readonly<Record<string, Codec>>;

export function fail(
  context: ParseContext,
  message: string,
  hints: readonly string[] = [],
  code: DiagnosticCode = 'value-format',
): undefined {
  context.diagnostics.error({ code, message: `${context.path} ${message}`, at: context.at, hints });
}

/** A scalar as Go prints it: what a number means where text is wanted. */
export function toText(value: Value): string {
  if (typeof value === 'number') return isInteger64(value) ? String(value) : formatGoFloat(value);
  return value === null ? '' : String(value);
}

export const text: Codec = {
  parse(value, context) {
    if (!isList(value) && !isMapping(value)) return toText(value);
    return fail(context, `must be text, and this is ${describeKind(value)}`, [], 'value-type');
  },
  format: (value) => (value === '' ? undefined : value),
};

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  y: true,
  yes: true,
  on: true,
  false: false,
  n: false,
  no: false,
  off: false,
};

function parseFlag(value: Value, context: ParseContext): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const word = String(value).toLowerCase();
  const meaning = booleans[word];
  if (meaning === undefined) return fail(context, `must be true or false, not ${JSON.stringify(value)}`);
  if (word !== 'true' && word !== 'false') {
    context.diagnostics.warn({
      code: 'boolean-legacy',
      message: `${context.path}: \`${String(value)}\` is no boolean in YAML 1.2`,
      at: context.at,
      hints: [`write ${meaning}`],
    });
  }
  return meaning;
}

/** False is the default, and left out. */
export const flag: Codec = { parse: parseFlag, format: (value) => value || undefined };

/** False is not the default, and shown. */
export const statedFlag: Codec = { parse: parseFlag, format: (value) => value };

/** True is the default, and left out. */
export const optOut: Codec = { parse: parseFlag, format: (value) => (value === false ? false : undefined) };

interface Limits {
  readonly min?: number;
  readonly max?: number;
  /** Zero is shown. */
  readonly stated?: true;
}

function parseNumber(value: Value, context: ParseContext, what: string): number | undefined {
  const number = typeof value === 'number' ? value : Number(String(value).trim() || Number.NaN);
  return Number.isFinite(number) ? number : fail(context, `must be ${what}, not ${JSON.stringify(value)}`);
}

function checkLimits(number: number | undefined, limits: Limits, context: ParseContext): number | undefined {
  if (number === undefined) return undefined;
  if (limits.min !== undefined && number < limits.min) {
    return fail(context, `must be at least ${limits.min}`, [], 'value-range');
  }
  if (limits.max !== undefined && number > limits.max) {
    return fail(context, `must be at most ${limits.max}`, [], 'value-range');
  }
  return number;
}

export function integer(limits: Limits = {}): Codec {
  return {
    parse(value, context) {
      const number = parseNumber(value, context, 'a whole number');
      if (number !== undefined && !Number.isInteger(number)) {
        return fail(context, `must be a whole number, not ${number}`);
      }
      return checkLimits(number, limits, context);
    },
    format: (value) => (value === 0 && !limits.stated ? undefined : value),
  };
}

export function float(limits: Limits = {}): Codec {
  return {
    parse: (value, context) => checkLimits(parseNumber(value, context, 'a number'), limits, context),
    format: (value) => (value === 0 ? undefined : shortenFloat(Number(value))),
  };
}

/** The shortest number that is the same in single precision, which is what the Go types keep. */
function shortenFloat(value: number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}

export const bytes: Codec = {
  parse(value, context) {
    const size = typeof value === 'number' ? Math.trunc(value) : parseBytes(String(value));
    const hints = ['write bytes, or a number with b, k, m, g, t: 512m'];
    return size ?? fail(context, `is no size: ${JSON.stringify(value)}`, hints);
  },
  format: (value) => (value === 0 ? undefined : String(value)),
};

function parseSpan(value: Value, context: ParseContext): number | undefined {
  const span = parseDuration(String(value));
  if (span !== undefined) return span;
  const isBare = /^\d+(\.\d+)?$/.test(String(value));
  const hints = [
    isBare ? `add the unit: ${String(value)}s` : 'write a duration with units: 90s, 1m30s, 500ms, 2h',
  ];
  return fail(context, `is no duration: ${JSON.stringify(value)}`, hints);
}

/** Zero is left out. */
export const duration: Codec = {
  parse: parseSpan,
  format: (value) => (value === 0 ? undefined : formatDuration(Number(value))),
};

/** Zero is shown. */
export const statedDuration: Codec = { parse: parseSpan, format: (value) => formatDuration(Number(value)) };

export function list(item: Codec): Codec {
  return {
    parse(value, context) {
      if (!isList(value))
        return fail(context, `must be a list, and this is ${describeKind(value)}`, [], 'value-type');
      return value.map((element, index) =>
        item.parse(element, {
          ...context,
          path: `${context.path}[${index}]`,
          at: valuePlace(value, index),
        }),
      );
    },
    format(value, output) {
      const items = (value as unknown[]).map((element) => item.format(element, output) ?? '');
      return items.length === 0 ? undefined : items;
    },
  };
}

export function map(item: Codec): Codec {
  return {
    parse(value, context) {
      if (!isMapping(value)) {
        return fail(context, `must be a mapping, and this is ${describeKind(value)}`, [], 'value-type');
      }
      const result: Record<string, unknown> = newRecord();
      for (const key of Object.keys(value)) {
        result[key] = item.parse(value[key] ?? null, {
          ...context,
          path: `${context.path}.${key}`,
          at: valuePlace(value, key),
        });
      }
      return result;
    },
    format(value, output) {
      const keys = Object.keys(value as object).sort(output === 'yaml' ? compareNaturally : undefined);
      if (keys.length === 0) return undefined;
      const result: Record<string, unknown> = newRecord();
      for (const key of keys) {
        const formatted = item.format((value as Record<string, unknown>)[key], output);
        result[key] = formatted === undefined ? '' : formatted;
      }
      return result;
    },
  };
}

/** Null stays null: a name without a value. */
export function nullable(inner: Codec): Codec {
  return {
    parse: (value, context) => (value === null ? null : inner.parse(value, context)),
    format: (value, output) => (value === null || value === undefined ? null : inner.format(value, output)),
  };
}

/** As it stands in the file. */
export const verbatim: Codec = { parse: toPlain, format: (value) => value };

/** A copy without places. */
export function toPlain(value: Value): unknown {
  if (isList(value)) return value.map(toPlain);
  if (!isMapping(value)) return value;
  const result: Record<string, unknown> = newRecord();
  for (const key of Object.keys(value)) result[key] = toPlain(value[key] ?? null);
  return result;
}

/** Keys come from files: none of them may be taken for something that every object has. */
export function newRecord(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}
