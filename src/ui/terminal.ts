// What a stream can show, and what the user asked for: colours and the mode of progress.

export type AnsiChoice = 'auto' | 'always' | 'never';
export type ProgressMode = 'tty' | 'plain' | 'json' | 'quiet';

type Environment = Readonly<Record<string, string | undefined>>;

export interface StreamFacts {
  readonly isTTY: boolean;
  readonly environment: Environment;
}

/** The flag goes before NO_COLOR, that before CLICOLOR_FORCE (no-color.org, bixense.com/clicolors). */
export function choosesColor(ansi: AnsiChoice, { environment, isTTY }: StreamFacts): boolean {
  if (ansi !== 'auto') return ansi === 'always';
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  if (!['', '0', undefined].includes(environment['CLICOLOR_FORCE'])) return true;
  return isTTY && environment['TERM'] !== 'dumb';
}

/** `stderr` is where progress goes. Rows that are redrawn need a terminal that somebody looks at. */
export function chooseProgressMode(
  asked: ProgressMode | 'auto',
  ansi: AnsiChoice,
  { environment, isTTY }: StreamFacts,
): ProgressMode {
  if (asked !== 'auto') return asked;
  const isWatched = isTTY && environment['TERM'] !== 'dumb' && (environment['CI'] ?? '') === '';
  return isWatched && ansi !== 'never' ? 'tty' : 'plain';
}
