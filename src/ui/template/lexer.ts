// Cuts a template into text and actions, and an action into tokens.

import { templateError } from './template-error.ts';

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly tokens: readonly Token[]; readonly at: number };

export interface Token {
  readonly kind: 'field' | 'variable' | 'string' | 'number' | 'word' | 'symbol';
  /** Of a string: its value. */
  readonly text: string;
  readonly at: number;
  /** White space came before: `$x .A` are two operands, `$x.A` is one. */
  readonly isSeparate: boolean;
}

const action =
  /\{\{(- )?(\s*\/\*[\s\S]*?\*\/\s*?|(?:"(?:\\.|[^"\\])*"|`[^`]*`|'(?:\\.|[^'\\])*'|(?!\}\})[\s\S])*?)( -)?\}\}/g;

/** `{{- ` takes the white space before it away, ` -}}` that behind it. */
export function splitTemplate(template: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  let trimsNext = false;
  const addText = (text: string, trimsEnd: boolean): void => {
    const left = trimsNext ? text.trimStart() : text;
    const kept = trimsEnd ? left.trimEnd() : left;
    if (kept.includes('{{')) {
      throw templateError('unclosed action', template, template.indexOf('{{', end));
    }
    if (kept !== '') pieces.push({ kind: 'text', text: kept });
  };
  for (const match of template.matchAll(action)) {
    const [whole, trimsBefore, body = '', trimsAfter] = match;
    addText(template.slice(end, match.index), trimsBefore !== undefined);
    const at = match.index + 2 + (trimsBefore?.length ?? 0);
    if (!body.trimStart().startsWith('/*')) {
      pieces.push({ kind: 'action', tokens: tokenize(body, at, template), at });
    }
    trimsNext = trimsAfter !== undefined;
    end = match.index + whole.length;
  }
  addText(template.slice(end), false);
  return pieces;
}

const token =
  /(\s*)(?:(\.[A-Za-z_]\w*)|(\$\w*)|("(?:\\.|[^"\\])*"|`[^`]*`)|([-+]?\d[\w.]*)|([A-Za-z_]\w*)|(:=|[=|(),.]))/y;

const kinds = ['field', 'variable', 'string', 'number', 'word', 'symbol'] as const;

function tokenize(body: string, offset: number, template: string): Token[] {
  const tokens: Token[] = [];
  const end = body.trimEnd().length;
  token.lastIndex = 0;
  for (let start = 0; start < end; start = token.lastIndex) {
    const match = token.exec(body);
    if (match === null) {
      const at = start + (/^\s*/.exec(body.slice(start))?.[0].length ?? 0);
      throw templateError(`unexpected "${body[at]}"`, template, offset + at);
    }
    const index = kinds.findIndex((_, group) => match[group + 2] !== undefined);
    const text = match[index + 2] ?? '';
    const kind = kinds[index] ?? 'symbol';
    const at = offset + start + (match[1] ?? '').length;
    const isSeparate = match[1] !== '' || start === 0;
    tokens.push({ kind, text: kind === 'string' ? unquote(text, template, at) : text, at, isSeparate });
  }
  return tokens;
}

function unquote(text: string, template: string, at: number): string {
  if (text.startsWith('`')) return text.slice(1, -1);
  try {
    return JSON.parse(text.replace(/\\'/g, "'").replaceAll('\t', '\\t').replaceAll('\n', '\\n')) as string;
  } catch {
    throw templateError(`bad string ${text}`, template, at);
  }
}
