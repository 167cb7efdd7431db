// The functions of templates: Go's own, and those that Docker adds (docs.docker.com, "Format command and log output").

import { formatValue, isTrue, printf } from './value.ts';

export type TemplateFunction = (...parameters: unknown[]) => unknown;

const text = (value: unknown): string => formatValue(value);

/** Characters, not UTF-16 units. */
function truncate(value: unknown, length: unknown): string {
  return [...text(value)].slice(0, Number(length)).join('');
}

function pad(value: unknown, before: unknown, after: unknown): string {
  if (text(value) === '') return '';
  return ' '.repeat(Number(before)) + text(value) + ' '.repeat(Number(after));
}

function title(value: unknown): string {
  return text(value).replace(
    /(^|[^\p{L}\p{N}_'])(\p{L})/gu,
    (_, before: string, letter: string) => before + letter.toUpperCase(),
  );
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length;
  throw new TypeError(`len of ${text(value)}`);
}

function index(value: unknown, ...keys: unknown[]): unknown {
  return keys.reduce((inner, key) => {
    if (Array.isArray(inner)) {
      if (Number(key) in inner) return inner[Number(key)];
      throw new RangeError(`index out of range: ${text(key)}`);
    }
    if (typeof inner === 'object' && inner !== null) {
      return Object.hasOwn(inner, String(key)) ? (inner as Record<string, unknown>)[String(key)] : '';
    }
    throw new TypeError(`cannot index ${text(inner)}`);
  }, value);
}

function slice(value: unknown, from: unknown = 0, to?: unknown): unknown {
  const end = to === undefined ? undefined : Number(to);
  return Array.isArray(value) ? value.slice(Number(from), end) : text(value).slice(Number(from), end);
}

function compare(a: unknown, b: unknown): number {
  const [left, right] = typeof a === 'number' && typeof b === 'number' ? [a, b] : [text(a), text(b)];
  return left < right ? -1 : Number(left > right);
}

function join(list: unknown, separator: unknown): string {
  if (!Array.isArray(list)) throw new TypeError(`join of ${text(list)}, which is no list`);
  return list.map(text).join(text(separator));
}

/** Go writes a space between two operands if neither is text. */
function print(...parameters: unknown[]): string {
  return parameters
    .map((value, at) => {
      const isApart = at > 0 && typeof value !== 'string' && typeof parameters[at - 1] !== 'string';
      return (isApart ? ' ' : '') + text(value);
    })
    .join('');
}

export const templateFunctions: Readonly<Record<string, TemplateFunction>> = {
  eq: (value, ...others) => others.some((other) => compare(value, other) === 0),
  ne: (a, b) => compare(a, b) !== 0,
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
  not: (value) => !isTrue(value),
  len: lengthOf,
  index,
  slice,
  print,
  printf: (format, ...parameters) => printf(text(format), parameters),
  println: (...parameters) => `${parameters.map(text).join(' ')}\n`,
  json: (value) => JSON.stringify(value),
  join,
  split: (value, separator) => text(value).split(text(separator)),
  lower: (value) => text(value).toLowerCase(),
  upper: (value) => text(value).toUpperCase(),
  title,
  pad,
  truncate,
};
