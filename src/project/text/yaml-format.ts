// Plain values -> YAML text, laid out and quoted as go-yaml does it, so that output can be compared with that of the Go
// tools byte by byte.

import { formatGoFloat, isInteger64 } from './go-number.ts';
import { compareNaturally } from './natural-order.ts';
import { isPlainNumber, resolvePlainScalar } from './yaml-scalar.ts';

/** Keys stand in their own order: sort before. */
export function formatYaml(value: unknown): string {
  const lines: string[] = [];
  emitBlock(value, '', lines);
  return `${lines.join('\n')}\n`;
}

type Entries = readonly (readonly [string, unknown])[];

function emitBlock(value: unknown, indent: string, lines: string[]): void {
  if (Array.isArray(value) && value.length > 0) emitList(value, indent, lines);
  else if (isRecord(value) && Object.keys(value).length > 0)
    emitEntries(Object.entries(value), indent, lines);
  else lines.push(indent + formatScalar(value, indent));
}

function emitEntries(entries: Entries, indent: string, lines: string[]): void {
  for (const [key, value] of entries) {
    const head = `${indent}${formatKey(key)}:`;
    if (isNonEmpty(value)) {
      lines.push(head);
      emitBlock(value, `${indent}  `, lines);
    } else lines.push(`${head} ${formatScalar(value, indent)}`);
  }
}

/** The first line of an item stands behind its dash. */
function emitList(items: readonly unknown[], indent: string, lines: string[]): void {
  for (const item of items) {
    if (!isNonEmpty(item)) {
      lines.push(`${indent}- ${formatScalar(item, indent)}`);
      continue;
    }
    const start = lines.length;
    emitBlock(item, `${indent}  `, lines);
    lines[start] = `${indent}- ${(lines[start] ?? '').slice(indent.length + 2)}`;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNonEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : isRecord(value) && Object.keys(value).length > 0;
}

function formatKey(key: string): string {
  return key.includes('\n') ? formatDoubleQuoted(key) : formatText(key, '');
}

function formatScalar(value: unknown, indent: string): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return '[]';
  if (typeof value === 'object') return '{}';
  return typeof value === 'string' ? formatText(value, indent) : formatNumber(value);
}

function formatNumber(value: unknown): string {
  if (typeof value !== 'number' || isInteger64(value)) return String(value);
  if (Number.isFinite(value)) return formatGoFloat(value);
  return Number.isNaN(value) ? '.nan' : value > 0 ? '.inf' : '-.inf';
}

/** What go-yaml does not print as it is: controls, and all beyond the basic plane. */
const unprintable = /(?![\t\n])\p{Cc}|[\ud800-\udfff\ufeff\ufffe\uffff\u2028\u2029]|[\u{10000}-\u{10ffff}]/u;
const base60 = /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/;
const oldBoolean = /^(?:[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/;
const timestamp = /^\d{4}-\d{1,2}-\d{1,2}(?:$|[Tt ])/;

function formatText(text: string, indent: string): string {
  const isSpecial = unprintable.test(text) || / \n/.test(text);
  if (text.includes('\n')) {
    const canBeLiteral = !isSpecial && /\S/.test(text) && !text.endsWith(' ');
    return canBeLiteral ? formatLiteral(text, indent) : formatDoubleQuoted(text);
  }
  if (wouldBeOther(text)) return formatDoubleQuoted(text);
  if (isSpecial || text.includes('\t')) return formatDoubleQuoted(text);
  return canBePlain(text) ? text : `'${text.replaceAll("'", "''")}'`;
}

/** Whether the text, unquoted, would be read as something else. */
function wouldBeOther(text: string): boolean {
  return (
    resolvePlainScalar(text) !== text ||
    isPlainNumber(text) ||
    text === '<<' ||
    base60.test(text) ||
    oldBoolean.test(text) ||
    timestamp.test(text)
  );
}

function canBePlain(text: string): boolean {
  if (/^[ ]|[ ]$/.test(text)) return false;
  if (/^(?:---|\.\.\.)/.test(text) || /^[#,[\]{}&*!|>'"%@`]/.test(text)) return false;
  if (/^[?:-](?:\s|$)/.test(text)) return false;
  return !/:(?:\s|$)|\s#/.test(text);
}

function formatLiteral(text: string, indent: string): string {
  const chomp = !text.endsWith('\n') ? '-' : text.endsWith('\n\n') || text === '\n' ? '+' : '';
  // go-yaml looks at the first line only, and cannot read back what it writes for the rest.
  const hint = /^\n* /.test(text) ? '2' : '';
  const body = text.endsWith('\n') ? text.slice(0, -1) : text;
  const lines = body.split('\n').map((line) => (line === '' ? '' : `${indent}  ${line}`));
  return `|${hint}${chomp}\n${lines.join('\n')}`;
}

const escapes: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\x85': '\\N',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

function formatDoubleQuoted(text: string): string {
  let quoted = '';
  for (const character of text) quoted += escapes[character] ?? escapeControl(character);
  return `"${quoted}"`;
}

function escapeControl(character: string): string {
  if (!unprintable.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16).toUpperCase();
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/** Mappings of free keys (`x-*` and the like), in the order in which go-yaml writes them. */
export function sortKeysForYaml(value: unknown): unknown {
  return sortKeys(value, compareNaturally);
}

/** Deeply; by default in the order of code units, as in JSON. */
export function sortKeys(value: unknown, compare?: (a: string, b: string) => number): unknown {
  if (Array.isArray(value)) return value.map((item) => sortKeys(item, compare));
  if (!isRecord(value)) return value;
  const sorted: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(value).sort(compare)) sorted[key] = sortKeys(value[key], compare);
  return sorted;
}
