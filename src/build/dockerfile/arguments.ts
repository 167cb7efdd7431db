// What follows an instruction's keyword and flags, taken apart. Pure; throws SyntaxError with a message for people.

import type { CommandLine, Pair } from './instruction.ts';

/** Undefined: it is not written as a list. */
export function parseJsonList(text: string): readonly string[] | undefined {
  if (!text.trimStart().startsWith('[')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  if (value.every((each) => typeof each === 'string')) return value;
  throw new SyntaxError('a list in the exec form holds strings only');
}

export function parseCommandLine(text: string): CommandLine {
  const words = parseJsonList(text);
  return words === undefined ? { form: 'shell', line: text } : { form: 'exec', words };
}

/** A list, or words between blanks. */
export function parseList(text: string): readonly string[] {
  return parseJsonList(text) ?? splitBlanks(text);
}

export function splitBlanks(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** Quotes hold blanks together; they and the escape characters stay. One that ends the line escapes nothing. */
export function splitQuoted(text: string, escapeToken: string): string[] {
  return text.match(quotedWord(escapeToken, 'gs')) ?? [];
}

/** A run of plain characters, escaped ones and quoted ones; a quote that is not closed goes to the end. */
export function quotedWord(escapeToken: string, flags: string): RegExp {
  const e = escapeToken === '`' ? '`' : '\\\\';
  return new RegExp(`(?:"(?:${e}.|[^"${e}])*(?:"|$)|'[^']*(?:'|$)|${e}.|[^\\s"'${e}])+`, flags);
}

/** `a=b c=d`, or the old form `a b c`: a is `b c`. */
export function parsePairs(
  text: string,
  kind: string,
  escapeToken: string,
): { pairs: Pair[]; isLegacy: boolean } {
  const words = splitQuoted(text, escapeToken);
  const [first] = words;
  if (first === undefined) throw new SyntaxError(`${kind} names nothing`);
  if (!first.includes('=')) {
    const [, name = '', value] = /^(\S+)\s+(.*)$/s.exec(text) ?? [];
    if (value === undefined) throw new SyntaxError(`${kind} needs a name and a value`);
    return { pairs: [{ name, value }], isLegacy: true };
  }
  const pairs = words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 0) throw new SyntaxError(`"${word}" is not of the form name=value`);
    if (equals === 0) throw new SyntaxError(`"${word}" has no name`);
    return { name: word.slice(0, equals), value: word.slice(equals + 1) };
  });
  return { pairs, isLegacy: false };
}
