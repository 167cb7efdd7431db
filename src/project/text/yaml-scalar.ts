// What a plain (unquoted) scalar means, as the Compose tools read it: YAML 1.2 core, with the numbers of YAML 1.1 that
// go-yaml keeps (`0440` is octal, `1_000` a number) and without its booleans (`yes`, `on` are text) and its sexagesimals
// (`22:22` is text).

import { formatGoFloat, isInteger64 } from './go-number.ts';
import type { Scalar } from './tree.ts';

const keywords: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ['', null],
  ['~', null],
  ['null', null],
  ['Null', null],
  ['NULL', null],
  ['true', true],
  ['True', true],
  ['TRUE', true],
  ['false', false],
  ['False', false],
  ['FALSE', false],
  ['.nan', Number.NaN],
  ['.NaN', Number.NaN],
  ['.NAN', Number.NaN],
  ...['.inf', '.Inf', '.INF'].flatMap((text): [string, Scalar][] => [
    [text, Number.POSITIVE_INFINITY],
    [`+${text}`, Number.POSITIVE_INFINITY],
    [`-${text}`, Number.NEGATIVE_INFINITY],
  ]),
]);

const integer = /^([-+]?)(?:0[bB]([01]+)|0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|(0|[1-9]\d*))$/;
const float = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;

export function resolvePlainScalar(text: string): Scalar {
  const keyword = keywords.get(text);
  if (keyword !== undefined) return keyword;
  const first = text.charCodeAt(0);
  // A number starts with a digit, a sign or a point; most scalars do not.
  if (!((first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46)) return text;
  const digits = text.includes('_') ? text.replaceAll('_', '') : text;
  return resolveInteger(digits) ?? (float.test(digits) ? resolveFloat(Number(digits)) : text);
}

/** Also those that stay text here, as a double cannot hold them. */
export function isPlainNumber(text: string): boolean {
  const digits = text.replaceAll('_', '');
  return integer.test(digits) || float.test(digits);
}

/** A whole float is no integer where text is wanted: `1e6` is `1e+06` then. Beyond 64 bits it is known as a float. */
function resolveFloat(value: number): number | string {
  return isInteger64(value) && Math.abs(value) >= 1e6 ? formatGoFloat(value) : value;
}

const largest = 2n ** 64n - 1n;
const smallest = -(2n ** 63n);

/** What a double cannot hold exactly stays decimal text; what 64 bits cannot hold is a float. */
function resolveInteger(digits: string): number | string | undefined {
  const match = integer.exec(digits);
  if (!match) return undefined;
  const [, sign, binary, hex, octal, decimal] = match;
  const magnitude = BigInt(
    binary !== undefined
      ? `0b${binary}`
      : hex !== undefined
        ? `0x${hex}`
        : octal !== undefined
          ? `0o${octal}`
          : (decimal ?? '0'),
  );
  const value = sign === '-' ? -magnitude : magnitude;
  if (value > largest || value < smallest) return Number(value);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number || 0 : value.toString();
}
