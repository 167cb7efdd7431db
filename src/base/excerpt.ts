// The lines around a place, with a caret below it: what diagnostics show.

import type { SourcePosition } from './error.ts';

export interface ExcerptOptions {
  /** Lines before the marked one. Default: 1. */
  readonly before?: number;
  /** Longer lines are cut around the caret. Default: 100. */
  readonly width?: number;
}

/** Lines such as `7 |   prots:` and `  |   ^^^^^`. Empty if the text has no such line. */
export function formatExcerpt(
  text: string,
  position: SourcePosition,
  options: ExcerptOptions = {},
): string[] {
  const all = text.split('\n');
  const line = all[position.line - 1];
  if (line === undefined) return [];
  const first = Math.max(1, position.line - (options.before ?? 1));
  const gutter = String(position.line).length;
  const column = widen(line.slice(0, position.col - 1)).length;
  const shown = windowAround(column, options.width ?? 100);
  const rows = all
    .slice(first - 1, position.line)
    .map((content, index) =>
      `${String(first + index).padStart(gutter)} | ${cut(widen(content), shown)}`.trimEnd(),
    );
  const indent = column - shown.start + (shown.start > 0 ? 1 : 0);
  const length = Math.max(1, Math.min(tokenLength(widen(line), column), shown.end - column));
  return [...rows, `${' '.repeat(gutter)} | ${' '.repeat(indent)}${'^'.repeat(length)}`];
}

/** A tab is as wide as the terminal likes: four columns here, so that the caret stands right. */
function widen(line: string): string {
  return line.replace(/\r$/, '').replaceAll('\t', '    ');
}

interface Window {
  readonly start: number;
  readonly end: number;
}

function windowAround(column: number, width: number): Window {
  const start = column < width - 10 ? 0 : column - Math.floor(width / 2);
  return { start, end: start + width };
}

function cut(line: string, { start, end }: Window): string {
  const body = line.slice(start, end);
  return `${start > 0 ? '…' : ''}${body}${line.length > end ? '…' : ''}`;
}

/** The column just behind the token at a position, 1-based. */
export function endOfToken(text: string, { line, col }: SourcePosition): number {
  const content = (text.split('\n')[line - 1] ?? '').replace(/\r$/, '');
  return col + Math.max(1, tokenLength(content, col - 1));
}

/** How far the YAML scalar at a column goes on its line. */
function tokenLength(line: string, column: number): number {
  const rest = line.slice(column);
  const quoted = /^"(?:\\.|[^"\\])*"|^'(?:''|[^'])*'/.exec(rest)?.[0];
  if (quoted) return quoted.length;
  const variable = /^\$\{[^}]*\}|^\$\w+/.exec(rest)?.[0];
  if (variable) return variable.length;
  const key = /^[^\s:#'"[\]{},]+(?=:(?:\s|$))/.exec(rest)?.[0];
  if (key) return key.length;
  const flow = /^[[{]/.exec(rest) ? rest : (/^[^,\]}]*(?=[,\]}])/.exec(rest)?.[0] ?? rest);
  return flow.replace(/\s+#.*$/, '').trimEnd().length;
}
