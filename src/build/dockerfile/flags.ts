// The flags of an instruction: `--name=value` between its keyword and its operands. Pure.

import { findNearest } from '../../base/suggest.ts';
import { quotedWord } from './arguments.ts';

export interface GivenFlag {
  readonly name: string;
  /** Undefined: without `=`. */
  readonly value?: string;
  /** Where it begins. */
  readonly offset: number;
}

/** Takes the flags from the front of `text`; `rest` is where they end. */
export function takeFlags(
  text: string,
  from: number,
  escapeToken: string,
): { flags: GivenFlag[]; rest: number } {
  const flags: GivenFlag[] = [];
  let at = skipBlanks(text, from);
  while (text.startsWith('--', at)) {
    const { word, end } = readFlag(text, at, escapeToken);
    const next = skipBlanks(text, end);
    if (word === '--') return { flags, rest: next };
    const equals = word.indexOf('=');
    const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
    flags.push({ name, ...(equals < 0 ? {} : { value: word.slice(equals + 1) }), offset: at });
    at = next;
  }
  return { flags, rest: at };
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text[at] ?? '')) at += 1;
  return at;
}

/** Quotes hold blanks together and are taken away. */
function readFlag(text: string, from: number, escapeToken: string): { word: string; end: number } {
  const pattern = quotedWord(escapeToken, 'sy');
  pattern.lastIndex = from;
  const [raw = ''] = pattern.exec(text) ?? [];
  const word = raw.replace(
    /'([^']*)'?|"|([\\`])(.)/gs,
    (whole, quoted?: string, token?: string, char?: string) => {
      if (quoted !== undefined) return quoted;
      if (char === undefined) return '';
      return token === escapeToken ? char : whole;
    },
  );
  return { word, end: from + Math.max(raw.length, 1) };
}

export type FlagType = 'text' | 'boolean' | 'list';
type ValueOf<T extends FlagType> = T extends 'list'
  ? readonly string[]
  : (T extends 'boolean' ? boolean : string) | undefined;

/** Throws SyntaxError with a message for people; `onOffset` tells where the flag stands before. */
export function readFlags<const F extends Readonly<Record<string, FlagType>>>(
  known: F,
  given: readonly GivenFlag[],
  onOffset: (offset: number) => void,
): { readonly [K in keyof F]: ValueOf<F[K]> } {
  const values: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(known)) if (type === 'list') values[name] = [];
  for (const flag of given) {
    onOffset(flag.offset);
    const type = Object.hasOwn(known, flag.name) ? known[flag.name] : undefined;
    if (type === undefined) throw unknownFlag(flag.name, Object.keys(known));
    if (type === 'list') {
      values[flag.name] = [...(values[flag.name] as string[]), readText(flag)];
      continue;
    }
    if (values[flag.name] !== undefined) throw new SyntaxError(`--${flag.name} is given twice`);
    values[flag.name] = type === 'boolean' ? readBoolean(flag) : readText(flag);
  }
  return values as { readonly [K in keyof F]: ValueOf<F[K]> };
}

function unknownFlag(name: string, known: readonly string[]): SyntaxError {
  const near = findNearest(name, known);
  return new SyntaxError(
    `there is no flag --${name}${near === undefined ? '' : ` (did you mean --${near}?)`}`,
  );
}

function readText({ name, value }: GivenFlag): string {
  if (value === undefined) throw new SyntaxError(`--${name} needs a value`);
  return value;
}

function readBoolean({ name, value }: GivenFlag): boolean {
  if (value === undefined || /^true$/i.test(value)) return true;
  if (/^false$/i.test(value)) return false;
  throw new SyntaxError(`--${name} is true or false, not "${value}"`);
}
