// Errors and warnings as a person, or a program, reads them. Never a stack trace, but for a defect of our own
// if asked for.

import { relative } from 'node:path';
import { type SourcePosition, TcError } from '../base/error.ts';
import { formatExcerpt } from '../base/excerpt.ts';
import type { Warning } from '../base/warning.ts';
import type { Style } from './style.ts';

export interface DiagnosticOptions {
  readonly style: Style;
  /** Files below it are named relative to it. */
  readonly directory: string;
  /** The text of a file, for the line that is shown; undefined if it cannot be had. */
  readSource(file: string): string | undefined;
  /** For a defect of our own: where it came from. */
  readonly showStack?: boolean;
}

/** Everything in the error, then the others that were found with it. Ends with a newline. */
export function renderError(error: unknown, options: DiagnosticOptions): string {
  const known = toTcError(error);
  const all = [known, ...known.others];
  const blocks = all.map((one) => renderOne(one, options));
  const count = all.length > 1 ? `\n${all.length} errors\n` : '';
  return `${blocks.join('\n')}${count}`;
}

function renderOne(error: TcError, options: DiagnosticOptions): string {
  const { style } = options;
  const place = error.source === undefined ? '' : `${formatPlace(error.source, options)}: `;
  const lines = [
    `${place}${style.red(style.bold('error'))}: ${error.message}`,
    ...excerpt(error, options),
    ...error.output.map((line) => `  ${style.dim('>')} ${line}`),
    ...error.hints.map((hint) => `  ${style.cyan('hint')}: ${hint}`),
    ...(error.kind === 'bug' ? explainDefect(error, options) : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

export function renderWarning(warning: Warning, options: DiagnosticOptions): string {
  const { style } = options;
  const place = warning.source === undefined ? '' : `${formatPlace(warning.source, options)}: `;
  const hint = warning.hint === undefined ? '' : `  ${style.cyan('hint')}: ${warning.hint}\n`;
  return `${place}${style.yellow('warning')}: ${warning.message}\n${hint}`;
}

/** One line. `error` and `message` as Docker Compose's JSON progress has them. */
export function renderErrorJson(error: unknown): string {
  const known = toTcError(error);
  const { others } = known;
  return `${JSON.stringify({ error: true, ...describe(known), ...(others.length > 0 && { others: others.map(describe) }) })}\n`;
}

export function renderWarningJson({ code, hint, message, source }: Warning): string {
  return `${JSON.stringify({ warning: true, message, code, hint, source })}\n`;
}

function describe({ code, hints, kind, message, output, source }: TcError) {
  return {
    message,
    code,
    kind,
    ...(hints.length > 0 && { hints }),
    ...(source && { source }),
    ...(output.length > 0 && { output }),
  };
}

/** Anything that is no TcError was not foreseen: a defect. */
function toTcError(error: unknown): TcError {
  if (error instanceof TcError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new TcError(message, {
    code: 'internal',
    kind: 'bug',
    hints: ['this is a defect of tcompose: please report it with the command and the files that led to it'],
    cause: error,
  });
}

function explainDefect(error: TcError, { showStack, style }: DiagnosticOptions): string[] {
  if (!showStack) return [`  ${style.cyan('hint')}: with TCOMPOSE_DEBUG=1 it tells where it happened`];
  const origin = error.cause instanceof Error ? error.cause : error;
  return (origin.stack ?? '')
    .split('\n')
    .slice(1)
    .map((line) => style.dim(line));
}

function formatPlace({ col, file, line }: SourcePosition, { directory, style }: DiagnosticOptions): string {
  if (file === '-') return style.bold(`standard input:${line}:${col}`);
  const path = relative(directory, file);
  return style.bold(`${path.startsWith('..') ? file : path}:${line}:${col}`);
}

/** The line and carets below what is meant: the error's own excerpt, else from the file as it is now. */
function excerpt({ excerpt: own, source }: TcError, options: DiagnosticOptions): string[] {
  const text = source && own.length === 0 ? options.readSource(source.file) : undefined;
  const lines = source && text !== undefined ? formatExcerpt(text, source) : own;
  return lines.map((line) => {
    const [, gutter = '', content = '', carets = ''] = /^( *\d* \|)(.*?)(\^*)$/.exec(line) ?? [];
    return `  ${options.style.dim(gutter)}${content}${carets === '' ? '' : options.style.red(carets)}`;
  });
}
