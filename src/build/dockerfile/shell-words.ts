// The words of a Dockerfile: quotes, escapes and variables, as BuildKit reads them (frontend/dockerfile/shell). Pure.

import { replacePattern, trimPrefix, trimSuffix } from './shell-pattern.ts';

export type Lookup = (name: string) => string | undefined;

export interface WordOptions {
  readonly escapeToken: string;
  readonly lookup: Lookup;
  /** Quotes stay in the text. */
  readonly keepQuotes?: boolean;
  /** Escape characters stay in the text. */
  readonly keepEscapes?: boolean;
  /** Variables that are not set stay as they are written. */
  readonly keepUnset?: boolean;
  /** Quotes are characters like any other: in here-documents. */
  readonly plainQuotes?: boolean;
}

export interface Expanded {
  readonly text: string;
  /** The same, split at blanks that are neither quoted nor escaped; blanks of variables' values split too. */
  readonly words: readonly string[];
  /** Names that were looked up in vain; with a default they count too. */
  readonly unset: readonly string[];
}

/** Throws SyntaxError with a message for people. */
export function expandWord(text: string, options: WordOptions): Expanded {
  const scanner = new WordScanner(text, options);
  const { text: result, words } = scanner.readUntil(undefined, options.keepEscapes === true);
  return { text: result, words, unset: [...scanner.unset] };
}

class WordScanner {
  readonly unset = new Set<string>();
  readonly #chars: readonly string[];
  readonly #options: WordOptions;
  #at = 0;

  constructor(text: string, options: WordOptions) {
    this.#chars = [...text];
    this.#options = options;
  }

  #peek(): string | undefined {
    return this.#chars[this.#at];
  }

  /** Undefined: to the end. */
  readUntil(stop: string | undefined, keepEscapes: boolean): { text: string; words: string[] } {
    let text = '';
    const words = new WordList();
    for (let char = this.#peek(); char !== stop; char = this.#peek()) {
      if (char === undefined) throw new SyntaxError(`a "${stop}" is missing`);
      const special = this.#readSpecial(char, keepEscapes);
      const part = special ?? this.#readPlain(char, keepEscapes);
      text += part;
      const isWhole = special === undefined ? char === this.#options.escapeToken : char !== '$';
      if (isWhole) words.add(part);
      else words.addBlankable(part);
    }
    this.#at += 1;
    return { text, words: words.finish() };
  }

  #readPlain(char: string, keepEscapes: boolean): string {
    this.#at += 1;
    if (char !== this.#options.escapeToken) return char;
    return `${keepEscapes ? char : ''}${this.#take() ?? ''}`;
  }

  #take(): string | undefined {
    const char = this.#peek();
    this.#at += 1;
    return char;
  }

  #readSpecial(char: string, keepEscapes: boolean): string | undefined {
    if (char === '$') return this.#readDollar();
    if (char === '<') return this.#readHeredocMark();
    if (this.#options.plainQuotes) return undefined;
    if (char === "'") return this.#readSingleQuoted();
    return char === '"' ? this.#readDoubleQuoted(keepEscapes) : undefined;
  }

  #readSingleQuoted(): string {
    const end = this.#chars.indexOf("'", this.#at + 1);
    if (end < 0) throw new SyntaxError('a single quote is missing');
    const inner = this.#chars.slice(this.#at + 1, end).join('');
    this.#at = end + 1;
    return this.#options.keepQuotes ? `'${inner}'` : inner;
  }

  #readDoubleQuoted(keepEscapes: boolean): string {
    this.#at += 1;
    let inner = '';
    for (;;) {
      const char = this.#peek();
      if (char === undefined) throw new SyntaxError('a double quote is missing');
      if (char === '$') {
        inner += this.#readDollar();
        continue;
      }
      this.#at += 1;
      if (char === '"') return this.#options.keepQuotes ? `"${inner}"` : inner;
      inner += this.#readEscaped(char, keepEscapes);
    }
  }

  /** Inside double quotes only these are escaped; before everything else an escape character is itself. */
  #readEscaped(char: string, keepEscapes: boolean): string {
    const { escapeToken } = this.#options;
    if (char !== escapeToken || !['"', '$', escapeToken].includes(this.#peek() ?? '')) return char;
    return `${keepEscapes ? char : ''}${this.#take()}`;
  }

  /** Blanks may stand between `<<` and its word; they do not split it. */
  #readHeredocMark(): string {
    this.#at += 1;
    if (this.#peek() !== '<') return '<';
    this.#at += 1;
    let mark = '<<';
    while (this.#peek() === ' ' || this.#peek() === '\t') mark += this.#take();
    return mark;
  }

  #readDollar(): string {
    this.#at += 1;
    if (this.#peek() !== '{') {
      const name = this.#readName();
      if (name === '') return '$';
      return this.#value(name) ?? (this.#options.keepUnset ? `$${name}` : '');
    }
    const start = this.#at - 1;
    this.#at += 1;
    const next = this.#peek();
    if (next === undefined) throw new SyntaxError('a "}" is missing');
    if ('{}:'.includes(next)) throw new SyntaxError('bad substitution');
    const name = this.#readName();
    const value = this.#value(name);
    const result = this.#readModified(name, value);
    if (value !== undefined || !this.#options.keepUnset) return result;
    return this.#chars.slice(start, this.#at).join('');
  }

  #readModified(name: string, value: string | undefined): string {
    const modifier = this.#take();
    switch (modifier) {
      case '}':
        return value ?? '';
      case ':': {
        const second = this.#take() ?? '';
        if (!'-+?'.includes(second) || second === '')
          throw new SyntaxError(`the modifier ":${second}" is not supported`);
        return this.#applyDefault(name, value || undefined, second, 'empty');
      }
      case '-':
      case '+':
      case '?':
        return this.#applyDefault(name, value, modifier, 'unset');
      case '#':
      case '%':
        return this.#trim(value ?? '', modifier);
      case '/':
        return this.#replace(value ?? '');
      case undefined:
        throw new SyntaxError('a "}" is missing');
      default:
        throw new SyntaxError(`the modifier "${modifier}" is not supported`);
    }
  }

  #applyDefault(name: string, value: string | undefined, modifier: string, what: 'empty' | 'unset'): string {
    const { text } = this.readUntil('}', false);
    if (modifier === '-') return value ?? text;
    if (modifier === '+') return value === undefined ? '' : text;
    if (value !== undefined) return value;
    throw new SyntaxError(`${name}: ${text === '' ? `it must not be ${what}` : text}`);
  }

  #trim(value: string, modifier: '#' | '%'): string {
    const { text } = this.readUntil('}', true);
    const isGreedy = text.startsWith(modifier);
    const pattern = isGreedy ? text.slice(1) : text;
    return modifier === '#' ? trimPrefix(value, pattern, isGreedy) : trimSuffix(value, pattern, isGreedy);
  }

  #replace(value: string): string {
    const everywhere = this.#peek() === '/';
    if (everywhere) this.#at += 1;
    const { text: pattern } = this.readUntil('/', true);
    const { text: replacement } = this.readUntil('}', true);
    return replacePattern(value, pattern, replacement, everywhere);
  }

  #readName(): string {
    const rest = this.#chars.slice(this.#at, this.#at + 256).join('');
    const [name = ''] = /^(?:\d+|[@*#?$!-]|[\p{L}_][\p{L}\p{Nd}_]*)/u.exec(rest) ?? [];
    this.#at += [...name].length;
    return name;
  }

  #value(name: string): string | undefined {
    const value = this.#options.lookup(name);
    if (value === undefined) this.unset.add(name);
    return value;
  }
}

class WordList {
  readonly #words: string[] = [];
  #current = '';

  add(text: string): void {
    this.#current += text;
  }

  addBlankable(text: string): void {
    for (const char of text) {
      if (/\s/.test(char)) this.#end();
      else this.#current += char;
    }
  }

  finish(): string[] {
    this.#end();
    return this.#words;
  }

  #end(): void {
    if (this.#current !== '') this.#words.push(this.#current);
    this.#current = '';
  }
}
