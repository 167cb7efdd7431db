// How errors, warnings and progress shall look: what the flags ask for, or, before they could be read, their words.

import { readFileSync } from 'node:fs';
import { TcError } from '../base/error.ts';
import type { Warning } from '../base/warning.ts';
import { renderError, renderErrorJson, renderWarning, renderWarningJson } from '../ui/diagnostic.ts';
import { standardError } from '../ui/sink.ts';
import { createStyle, type Style } from '../ui/style.ts';
import { type AnsiChoice, chooseProgressMode, choosesColor, type ProgressMode } from '../ui/terminal.ts';
import { type Environment, isTruthy } from './flag-values.ts';
import type { GlobalValues } from './session.ts';

export interface Presentation {
  readonly ansi: AnsiChoice;
  readonly progress: ProgressMode | 'auto';
  readonly environment: Environment;
}

export function presentationOf(globals: GlobalValues, environment: Environment): Presentation {
  return {
    ansi: globals['no-ansi'] ? 'never' : (globals.ansi as AnsiChoice),
    progress: globals.progress as Presentation['progress'],
    environment,
  };
}

/** For errors in the command line itself. */
export function guessPresentation(argv: readonly string[], environment: Environment): Presentation {
  const isJson = argv.some(
    (word, at) => `${argv[at - 1]}=${word}` === '--progress=json' || word === '--progress=json',
  );
  return { ansi: 'auto', progress: isJson ? 'json' : 'auto', environment };
}

export function errorStyle({ ansi, environment }: Presentation): Style {
  return createStyle(choosesColor(ansi, { isTTY: standardError().isTTY, environment }));
}

export function progressMode({ ansi, environment, progress }: Presentation): ProgressMode {
  return chooseProgressMode(progress, ansi, { isTTY: standardError().isTTY, environment });
}

export function showWarning(warning: Warning, presentation: Presentation): void {
  const isJson = progressMode(presentation) === 'json';
  const text = isJson ? renderWarningJson(warning) : renderWarning(warning, diagnosticOptions(presentation));
  standardError().write(text);
}

/** Prints the error; the exit code that it asks for. */
export function showError(error: unknown, presentation: Presentation): number {
  const isJson = progressMode(presentation) === 'json';
  const text = isJson ? renderErrorJson(error) : renderError(error, diagnosticOptions(presentation));
  standardError().write(text);
  return error instanceof TcError ? error.exitCode : 1;
}

function diagnosticOptions(presentation: Presentation) {
  return {
    style: errorStyle(presentation),
    directory: process.cwd(),
    readSource,
    showStack: isTruthy(presentation.environment['TCOMPOSE_DEBUG']),
  };
}

/** What stdin said cannot be read again. */
function readSource(file: string): string | undefined {
  if (file === '-') return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
