// How things shall look: what the flags ask for, or, before they could be read, what the environment says.

import { readFileSync } from 'node:fs';
import { Display } from '../ui/display.ts';
import { standardError, standardOutput } from '../ui/sink.ts';
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

/** For errors in the command line itself: programs that ask for JSON get them as JSON too. */
export function guessPresentation(argv: readonly string[], environment: Environment): Presentation {
  const isJson = argv.includes('--progress=json') || argv[argv.indexOf('--progress') + 1] === 'json';
  return { ansi: 'auto', progress: isJson ? 'json' : 'auto', environment };
}

export function openDisplay({ ansi, environment, progress }: Presentation, directory: string): Display {
  const stdout = standardOutput();
  const stderr = standardError();
  const isColored = (isTTY: boolean) => choosesColor(ansi, { isTTY, environment });
  return new Display({
    stdout,
    stderr,
    progress: isTruthy(environment['COMPOSE_STATUS_STDOUT']) ? stdout : stderr,
    mode: chooseProgressMode(progress, ansi, { isTTY: stderr.isTTY, environment }),
    colors: { stdout: isColored(stdout.isTTY), stderr: isColored(stderr.isTTY) },
    isDryRun: false,
    directory,
    readSource,
    showStack: isTruthy(environment['TCOMPOSE_DEBUG']),
    now: Date.now,
  });
}

/** Standard input cannot be read again. */
function readSource(file: string): string | undefined {
  if (file === '-') return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
