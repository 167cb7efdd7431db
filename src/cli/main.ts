// From a command line to an exit code. The launcher calls `main`, and ends the process with what it resolves to.

import { findNearest } from '../base/suggest.ts';
import { type FlagToken, parseArguments, splitVerb, usageError } from './argv.ts';
import type { Command } from './command.ts';
import type { FlagSpecs } from './flag.ts';
import { addEnvironment, checkConflicts, type Environment, notSupported, readFlags } from './flag-values.ts';
import { globalFlags } from './global-flags.ts';
import { guessPresentation, showError } from './presentation.ts';
import { Session } from './session.ts';
import { type FoundVerb, findVerb, unsupportedVerbs, verbs } from './verb-table.ts';

export interface RunResult {
  readonly exitCode: number;
  /** The code path that ran to its end: what the launcher's code cache learns. */
  readonly path?: string;
}

const rootFlags = {
  ...globalFlags,
  version: { type: 'boolean', char: 'v', summary: 'Print the version' },
} as const satisfies FlagSpecs;

export async function main(
  argv: readonly string[],
  environment: Environment = process.env,
): Promise<RunResult> {
  try {
    return await dispatch(argv, environment);
  } catch (error) {
    return { exitCode: showError(error, guessPresentation(argv, environment)) };
  }
}

async function dispatch(argv: readonly string[], environment: Environment): Promise<RunResult> {
  const { flags, verb, rest } = splitVerb(argv, rootFlags);
  if (isOn(flags, 'version')) return runVerb(requireVerb('version'), [], [], environment);
  if (verb === undefined) return showHelp(undefined);
  if (verb === 'help') return showHelp(rest[0] === undefined ? undefined : requireVerb(rest[0], rest[1]));
  const found = requireVerb(verb, rest[0]);
  if (isOn(flags, 'help')) return showHelp(found);
  return runVerb(found, flags, rest.slice(found.words), environment);
}

async function runVerb(
  found: FoundVerb,
  globals: readonly FlagToken[],
  rest: readonly string[],
  environment: Environment,
): Promise<RunResult> {
  const { command } = await found.entry.load();
  const { flags, operands } = parseArguments(rest, [command.flags, globalFlags], command.passthrough);
  if (isOn(flags, 'help')) return showHelp(found);
  const tokens = addEnvironment({ ...globalFlags, ...command.flags }, [...globals, ...flags], environment);
  checkOperands(command, operands);
  checkConflicts(command.conflicts ?? [], tokens);
  const session = new Session(readFlags(globalFlags, tokens), environment);
  const invocation = { flags: readFlags(command.flags, tokens), operands, session };
  try {
    if (found.entry.frequent) {
      const exitCode = await command.run(invocation);
      return exitCode === 0 ? { exitCode, path: found.verb } : { exitCode };
    }
    const { runWithOclif } = await import('./oclif/run.ts');
    return { exitCode: await runWithOclif({ ...found, command }, tokens, invocation) };
  } catch (error) {
    await session.end();
    return { exitCode: showError(error, session.presentation) };
  }
}

function isOn(tokens: readonly FlagToken[], name: string): boolean {
  return tokens.findLast((token) => token.name === name)?.value === true;
}

async function showHelp(found: FoundVerb | undefined): Promise<RunResult> {
  const { renderRootHelp, renderVerbHelp } = await import('./oclif/help.ts');
  const text = found === undefined ? await renderRootHelp() : await renderVerbHelp(found.verb, found.entry);
  process.stdout.write(text);
  return { exitCode: 0 };
}

function requireVerb(first: string, second?: string): FoundVerb {
  const found = findVerb(first, second);
  if (found !== undefined) return found;
  if (unsupportedVerbs.includes(first)) throw notSupported(`tcompose ${first}`);
  const near = findNearest(first, [...Object.keys(verbs), ...unsupportedVerbs]);
  throw usageError(`unknown command: ${first}`, [
    ...(near === undefined ? [] : [`did you mean "${near}"?`]),
    'tcompose help lists the commands',
  ]);
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const { min = 0, max = Number.POSITIVE_INFINITY } = command.operandCount ?? {};
  if (operands.length >= min && operands.length <= max) return;
  const what = operands.length < min ? 'an operand is missing' : `unexpected operand: ${operands[max]}`;
  const wanted = command.operands === '' ? 'it takes none' : `it takes ${command.operands}`;
  throw usageError(what, [wanted]);
}
