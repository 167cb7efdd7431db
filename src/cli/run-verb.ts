// One verb, from what follows it on the command line to its exit code.

import { createReader } from '../app/reader.ts';
import { TcError } from '../base/error.ts';
import { type FlagToken, parseArguments, usageError } from './argv.ts';
import type { Command } from './command.ts';
import { addEnvironment, checkConflicts, type Environment, findIgnored, readFlags } from './flag-values.ts';
import { foreignFlags } from './foreign-flags.ts';
import { globalFlags } from './global-flags.ts';
import { Session, selectProject } from './session.ts';
import type { FoundVerb } from './verb-table.ts';

export interface RunResult {
  readonly exitCode: number;
  /** The code path that ran to its end: what the launcher's code cache learns. */
  readonly path?: string;
}

export interface VerbLine {
  /** Flags before the verb. */
  readonly globals: readonly FlagToken[];
  /** Everything after it. */
  readonly rest: readonly string[];
  readonly environment: Environment;
}

/** `help`: that is what the line asks for. */
export async function runVerb(found: FoundVerb, line: VerbLine): Promise<RunResult | 'help'> {
  const { command } = await found.entry.load();
  const { flags, operands } = parseArguments(line.rest, [command.flags, globalFlags], command.passthrough);
  if (flags.findLast((token) => token.name === 'help')?.value === true) return 'help';
  const isForeign = ({ name }: FlagToken) => Object.hasOwn(foreignFlags, name);
  const foreign = line.globals.filter(isForeign);
  const given = [...line.globals.filter((token) => !isForeign(token)), ...flags];
  checkOperands(command, operands);
  const environment = found.entry.projectless ? line.environment : await readProjectEnvironment(given, line);
  const tokens = addEnvironment({ ...globalFlags, ...command.flags }, given, environment);
  checkConflicts(command.conflicts ?? [], tokens);
  readFlags(foreignFlags, foreign);
  const session = new Session(readFlags(globalFlags, tokens), line.environment);
  const ignored = [...findIgnored(foreignFlags, foreign), ...findIgnored(command.flags, tokens)];
  for (const warning of ignored) session.display.warn(warning);
  const invocation = { flags: readFlags(command.flags, tokens), operands, session };
  try {
    if (!found.entry.frequent) {
      const { runWithOclif } = await import('./oclif/run.ts');
      const run = () => runWithOclif({ ...found, command }, tokens, invocation);
      return { exitCode: await session.withRemoteFiles(run) };
    }
    const exitCode = await session.withRemoteFiles(() => command.run(invocation));
    return exitCode === 0 ? { exitCode, path: found.verb } : { exitCode };
  } catch (error) {
    // Whoever interrupts knows that.
    if (!(error instanceof TcError && error.code === 'interrupted')) session.display.fail(error);
    return { exitCode: error instanceof TcError ? error.exitCode : 1 };
  } finally {
    await session.display.end();
  }
}

/** The caller's variables, and under them COMPOSE_* of the project's `.env`. */
async function readProjectEnvironment(
  given: readonly FlagToken[],
  { environment }: VerbLine,
): Promise<Environment> {
  const { findComposeVariables } = await import('../app/discovery.ts');
  const selection = selectProject(readFlags(globalFlags, given), environment);
  return { ...findComposeVariables({ selection, reader: createReader() }), ...environment };
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const { min = 0, max = Number.POSITIVE_INFINITY } = command.operandCount ?? {};
  if (operands.length >= min && operands.length <= max) return;
  const what = operands.length < min ? 'an operand is missing' : `unexpected operand: ${operands[max]}`;
  const wanted = command.operands === '' ? 'it takes none' : `it takes ${command.operands}`;
  throw usageError(what, [wanted]);
}
