// The shape of a command file: what it takes, and one function that runs it.

import type { FlagSpecs, FlagValues } from './flag.ts';
import type { Session } from './session.ts';

export interface Command<F extends FlagSpecs = FlagSpecs> {
  /** What follows the flags, in the notation of help: `[SERVICE...]`. */
  readonly operands: string;
  /** How many operands at least and at most. Default: any number. */
  readonly operandCount?: { readonly min?: number; readonly max?: number };
  /** The operands are of these words. */
  readonly choices?: readonly string[];
  /** Flags end at the first operand: the rest belongs to somebody else's command. */
  readonly passthrough?: boolean;
  readonly examples: readonly { readonly text: string; readonly line: string }[];
  readonly flags: F;
  readonly conflicts?: readonly Conflict<F>[];
  /** Resolves to the exit code. */
  run(invocation: Invocation<F>): Promise<number>;
}

/** Giving any of `flags` rules out each of `with`. */
export interface Conflict<F extends FlagSpecs = FlagSpecs> {
  readonly flags: readonly (keyof F & string)[];
  readonly with: readonly (keyof F & string)[];
}

export interface Invocation<F extends FlagSpecs = FlagSpecs> {
  readonly flags: FlagValues<F>;
  readonly operands: readonly string[];
  readonly session: Session;
}

/** Infers the types of a command's flags; what the table holds is the erased form. */
export function defineCommand<const F extends FlagSpecs>(command: Command<F>): Command {
  return command as unknown as Command;
}
