// Texts of an image's history that are how Go prints a value. Pure.

import type { HealthcheckInstruction } from '../dockerfile/instruction.ts';

/** `&{["CMD" "x"] "5m0s" "3s" "0s" "0s" '\x04'}`: BuildKit prints the whole structure with `%q`. */
export function formatHealthcheck(
  test: readonly string[],
  { interval, timeout, startPeriod, startInterval, retries = 0 }: HealthcheckInstruction,
): string {
  const words = test.map((word) => JSON.stringify(word)).join(' ');
  const spans = [interval, timeout, startPeriod, startInterval].map((span = 0) => `"${formatSpan(span)}"`);
  return `&{[${words}] ${spans.join(' ')} ${quoteCodePoint(retries)}}`;
}

const units = [
  ['ns', 1],
  ['µs', 1e3],
  ['ms', 1e6],
] as const;

/** Nanoseconds as time.Duration's String: `1h0m0s`, `1.5s`, `300ms`. */
export function formatSpan(span: number): string {
  if (span === 0) return '0s';
  if (span < 1e9) {
    const [unit, size] = units.findLast(([, size]) => span >= size) ?? units[0];
    return `${span / size}${unit}`;
  }
  const hours = Math.floor(span / 3600e9);
  const minutes = Math.floor(span / 60e9) % 60;
  const seconds = `${(span % 60e9) / 1e9}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

const escapes: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  39: "\\'",
  92: '\\\\',
};

/** A number as the character that it is the code of, as strconv.QuoteRune. */
function quoteCodePoint(code: number): string {
  const isNone = code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff);
  if (isNone) return "'\uFFFD'";
  const escaped = escapes[code];
  if (escaped !== undefined) return `'${escaped}'`;
  const text = String.fromCodePoint(code);
  if (code === 32 || !/[\p{C}\p{Z}]/u.test(text)) return `'${text}'`;
  const hex = code.toString(16);
  if (code < 0x80) return `'\\x${hex.padStart(2, '0')}'`;
  return code < 0x10000 ? `'\\u${hex.padStart(4, '0')}'` : `'\\U${hex.padStart(8, '0')}'`;
}
