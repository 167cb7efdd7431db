// From a command line to an exit code. The launcher calls `main`, and ends the process with what it resolves to.

import { TcError } from '../base/error.ts';
import { findNearest } from '../base/suggest.ts';
import { type FlagToken, splitVerb, usageError } from './argv.ts';
import type { FlagSpecs } from './flag.ts';
import { type Environment, notSupported } from './flag-values.ts';
import { foreignFlags } from './foreign-flags.ts';
import { findForeignVerb, foreignVerbs } from './foreign-verbs.ts';
import { globalFlags } from './global-flags.ts';
import { guessPresentation, openDisplay } from './presentation.ts';
import { type RunResult, runVerb } from './run-verb.ts';
import { type FoundVerb, findVerb, listSecondWords, verbs } from './verb-table.ts';

export const rootFlags = {
  ...globalFlags,
  ...foreignFlags,
  version: { type: 'boolean', char: 'v', summary: 'Print the version' },
} as const satisfies FlagSpecs;

export async function main(
  argv: readonly string[],
  environment: Environment = process.env,
): Promise<RunResult> {
  const report = (error: unknown) => {
    openDisplay(guessPresentation(argv, environment), '/').fail(error);
    return { exitCode: error instanceof TcError ? error.exitCode : 1 };
  };
  // What nobody awaited: a defect, which is told like one.
  process.on('uncaughtException', (error) => process.exit(report(error).exitCode));
  try {
    return await dispatch(argv, environment);
  } catch (error) {
    return report(error);
  }
}

async function dispatch(argv: readonly string[], environment: Environment): Promise<RunResult> {
  const { flags, verb, rest } = splitVerb(argv, rootFlags);
  if (isOn(flags, 'version')) return dispatch(['version'], environment);
  if (verb === undefined) return showHelp(undefined);
  if (verb === 'help') return showHelpOf(rest);
  if (verb === 'complete') return showCompletions(rest, environment);
  if (isOn(flags, 'help') || rest[0] === '--help' || rest[0] === '-h') return showHelpOf([verb, ...rest]);
  const found = requireVerb(verb, rest[0]);
  const result = await runVerb(found, { globals: flags, rest: rest.slice(found.words), environment });
  return result === 'help' ? showHelp(found) : result;
}

function isOn(tokens: readonly FlagToken[], name: string): boolean {
  return tokens.findLast((token) => token.name === name)?.value === true;
}

/** `image` alone is the first word of several commands. */
async function showHelpOf([first, second]: readonly string[]): Promise<RunResult> {
  if (first === undefined) return showHelp(undefined);
  const isGroup = listSecondWords(first).length > 0 && (second === undefined || second.startsWith('-'));
  if (!isGroup) return showHelp(requireVerb(first, second));
  const { renderGroupHelp } = await import('./oclif/help.ts');
  process.stdout.write(await renderGroupHelp(first));
  return { exitCode: 0 };
}

async function showHelp(found: FoundVerb | undefined): Promise<RunResult> {
  const { renderRootHelp, renderVerbHelp } = await import('./oclif/help.ts');
  const text = found === undefined ? await renderRootHelp() : await renderVerbHelp(found.verb, found.entry);
  process.stdout.write(text);
  return { exitCode: 0 };
}

/** What the shells' scripts ask for: `complete -- WORD...`. */
async function showCompletions(words: readonly string[], environment: Environment): Promise<RunResult> {
  const { renderCompletions } = await import('./completion/answer.ts');
  process.stdout.write(await renderCompletions(words[0] === '--' ? words.slice(1) : words, environment));
  return { exitCode: 0, path: 'complete' };
}

function requireVerb(first: string, second?: string): FoundVerb {
  const found = findVerb(first, second);
  if (found !== undefined) return found;
  const foreign = findForeignVerb(first, second);
  if (foreign !== undefined) throw notSupported(`tcompose ${foreign.verb}`, foreign.refusal);
  const seconds = listSecondWords(first);
  if (seconds.length > 0) throw secondWord(first, second, seconds);
  const near = findNearest(first, [...Object.keys(verbs), ...foreignVerbs]);
  throw usageError(`unknown command: ${first}`, [
    ...(near === undefined ? [] : [`did you mean "${near}"?`]),
    'tcompose help lists the commands',
  ]);
}

function secondWord(first: string, second: string | undefined, known: readonly string[]): TcError {
  const given = second === undefined || second.startsWith('-') ? undefined : second;
  const near = given === undefined ? undefined : findNearest(given, known);
  const what =
    given === undefined
      ? `${first} is the first word of several commands`
      : `unknown command: ${first} ${given}`;
  return usageError(what, [
    near === undefined
      ? `they are ${known.map((word) => `${first} ${word}`).join(', ')}`
      : `did you mean "${first} ${near}"?`,
  ]);
}
