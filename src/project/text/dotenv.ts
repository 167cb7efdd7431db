// The grammar of `.env`, env_file and label_file. Source: compose-spec 05-services.md (env_file) and the parser of
// compose-go, whose verdicts users rely on.

import type { Diagnostics } from '../diagnostic/diagnostics.ts';
import type { Place, SourceText } from './source-text.ts';
import { substitute, TemplateError } from './template.ts';

export interface EnvEntry {
  readonly value: string;
  readonly at: Place;
}

export type EnvEntries = Map<string, EnvEntry>;

export interface DotenvOptions {
  /** Values from outside the file: they win over earlier lines of it, and fill in keys without a value. */
  lookup(name: string): string | undefined;
  readonly diagnostics: Diagnostics;
}

const space = /[\t\v\f\r \u0085\u00a0]*/y;
const blank = /(?:\s|#[^\n]*)*/y;
const exported = /export[\t\v\f\r ]+/y;
const keyCharacters = /[\p{L}\p{N}_.\-[\]]*/uy;

/** Later lines win. What is wrong is reported, and ends the file. */
export function parseDotenv(source: SourceText, options: DotenvOptions): EnvEntries {
  return new DotenvParser(source, options).parse();
}

class DotenvParser {
  private readonly source: SourceText;
  private readonly text: string;
  private readonly options: DotenvOptions;
  private readonly entries: EnvEntries = new Map();
  private at = 0;

  constructor(source: SourceText, options: DotenvOptions) {
    this.source = source;
    this.text = source.text;
    this.options = options;
    if (this.text.startsWith('\ufeff')) this.at = 1;
  }

  parse(): EnvEntries {
    for (this.skip(blank); this.at < this.text.length; this.skip(blank)) {
      if (!this.statement()) break;
    }
    return this.entries;
  }

  private statement(): boolean {
    const start = this.at;
    this.skip(exported);
    const keyAt = this.at;
    const key = this.skip(keyCharacters);
    this.skip(space);
    const separator = this.text[this.at];
    if (separator === undefined || separator === '\n') {
      this.inherit(key, keyAt);
      return true;
    }
    if (separator !== '=' && separator !== ':') return this.failKey(key, start);
    this.at++;
    this.skip(space);
    const quote = this.text[this.at];
    const value = quote === '"' || quote === "'" ? this.quoted(quote) : this.unquoted();
    if (value === undefined) return false;
    this.entries.set(key, { value, at: this.source.base + keyAt });
    return true;
  }

  private inherit(key: string, keyAt: number): void {
    const value = this.options.lookup(key);
    if (value !== undefined) this.entries.set(key, { value, at: this.source.base + keyAt });
  }

  private failKey(key: string, start: number): false {
    const follows = key !== '' && /\s/.test(this.text[this.at - 1] ?? '');
    const hints = ['write KEY=VALUE, one on each line'];
    if (!follows) {
      const character = JSON.stringify(this.text[this.at] ?? '');
      return this.fail(`unexpected character ${character} in a variable name`, this.at, hints);
    }
    const words = /^[^=:\n]*/.exec(this.text.slice(start))?.[0].trim();
    return this.fail(`a key cannot contain a space: \`${words}\``, start, hints);
  }

  private unquoted(): string | undefined {
    const start = this.at;
    const newline = this.text.indexOf('\n', start);
    const end = newline < 0 ? this.text.length : newline;
    this.at = end;
    const line = this.text.slice(start, end);
    const comment = line.indexOf(' #');
    const raw = (comment < 0 ? line : line.slice(0, comment)).trimEnd();
    return this.expand(raw, start);
  }

  private quoted(quote: string): string | undefined {
    const start = this.at;
    let raw = '';
    for (let i = start + 1; i < this.text.length; i++) {
      const character = this.text[i] ?? '';
      if (character === '\\' && i + 1 < this.text.length) {
        const next = this.text[++i] ?? '';
        raw += next === quote ? quote : `\\${next}`;
      } else if (character === quote) {
        this.at = i + 1;
        return quote === "'" ? raw : this.expand(expandEscapes(raw), start);
      } else raw += character;
    }
    this.fail('this quote is never closed', start, [`end the value with ${quote}`]);
    return undefined;
  }

  private expand(template: string, start: number): string | undefined {
    try {
      return substitute(template, {
        lookup: (name) => this.options.lookup(name) ?? this.entries.get(name)?.value,
        onUnset: (name) =>
          this.options.diagnostics.warn({
            code: 'variable-unset',
            message: `the variable ${name} is not set: it is taken as empty`,
            at: this.source.base + start,
            hints: [`set ${name} on an earlier line, or write $$${name} for a literal dollar sign`],
          }),
      });
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.fail(
        error.message,
        start,
        error.kind === 'malformed' ? ['write $$ for a literal dollar sign'] : [],
      );
      return undefined;
    }
  }

  private skip(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text)?.[0] ?? '';
    this.at += match.length;
    return match;
  }

  private fail(message: string, offset: number, hints: string[]): false {
    this.at = this.text.length;
    this.options.diagnostics.error({
      code: 'env-file-syntax',
      message,
      at: this.source.base + offset,
      hints,
    });
    return false;
  }
}

const escapes = /\\(0[0-7]{3}|[abfnrtv$"\\])/g;
const escaped: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
  // The text is a template next, and there a literal dollar is doubled.
  $: '$$',
};

function expandEscapes(raw: string): string {
  return raw.replace(escapes, (_, code: string) =>
    code.startsWith('0') ? String.fromCharCode(Number.parseInt(code, 8) & 0xff) : (escaped[code] ?? code),
  );
}

/** `format: raw`, the rules of `docker run --env-file`: no quotes, no interpolation, nothing is trimmed off a value. */
export function parseRawEnv(source: SourceText, options: DotenvOptions): EnvEntries {
  const entries: EnvEntries = new Map();
  let at = source.base;
  for (const line of source.text.split('\n')) {
    parseRawLine(line.replace(/^\ufeff|\r$/g, '').trimStart(), at, options, entries);
    at += line.length + 1;
  }
  return entries;
}

function parseRawLine(line: string, at: Place, options: DotenvOptions, entries: EnvEntries): void {
  if (line === '' || line.startsWith('#')) return;
  const equals = line.indexOf('=');
  const key = equals < 0 ? line : line.slice(0, equals);
  if (key === '' || /\s/.test(key)) {
    const message =
      key === '' ? 'a variable name is missing before `=`' : `variable \`${key}\` contains white space`;
    options.diagnostics.error({ code: 'env-file-syntax', message, at });
    return;
  }
  const value = equals < 0 ? options.lookup(key) : line.slice(equals + 1);
  if (value !== undefined) entries.set(key, { value, at });
}
