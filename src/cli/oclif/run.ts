// Runs a command by way of oclif: the verbs whose start-up nobody counts.

import type { FlagToken } from '../argv.ts';
import { formatArguments } from '../argv.ts';
import type { Invocation } from '../command.ts';
import { type Described, toCommandClass } from './command-class.ts';
import { loadConfig } from './config.ts';

export async function runWithOclif(
  described: Described,
  flags: readonly FlagToken[],
  invocation: Invocation,
): Promise<number> {
  const argv = formatArguments({ flags, operands: invocation.operands });
  return (await toCommandClass(described, invocation).run(argv, await loadConfig())) as number;
}
