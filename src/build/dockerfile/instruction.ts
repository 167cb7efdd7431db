// What a Dockerfile says, instruction by instruction. Variables are not expanded yet: what they stand for is known only
// in the middle of a build.

import type { SourcePosition } from '../../base/error.ts';
import type { Heredoc } from './heredoc.ts';

interface Common {
  /** Where the instruction begins. */
  readonly at: SourcePosition;
  readonly lastLine: number;
  /** The whole instruction, continuation lines joined. */
  readonly text: string;
  /** The keyword as it is written. */
  readonly keyword: string;
  /** Comments directly above it. */
  readonly comments: readonly string[];
}

/** `exec`: a JSON list; `shell`: a line for the shell. */
export type CommandLine =
  | { readonly form: 'exec'; readonly words: readonly string[] }
  | { readonly form: 'shell'; readonly line: string };

export interface Pair {
  readonly name: string;
  readonly value: string;
}

export interface FromInstruction extends Common {
  readonly kind: 'FROM';
  readonly image: string;
  readonly platform?: string;
  /** Lower case. */
  readonly stage?: string;
  /** The `AS` and the name as they are written. */
  readonly as?: readonly [keyword: string, name: string];
}

export interface ArgInstruction extends Common {
  readonly kind: 'ARG';
  readonly args: readonly { readonly name: string; readonly value?: string }[];
}

export interface PairsInstruction extends Common {
  readonly kind: 'ENV' | 'LABEL';
  readonly pairs: readonly Pair[];
  /** `ENV name value`. */
  readonly isLegacy: boolean;
}

export interface RunInstruction extends Common {
  readonly kind: 'RUN';
  readonly command: CommandLine;
  readonly heredocs: readonly Heredoc[];
  readonly mounts: readonly string[];
  readonly network?: string;
  readonly security?: string;
}

export interface CopyInstruction extends Common {
  readonly kind: 'COPY' | 'ADD';
  readonly sources: readonly string[];
  /** Sources that are in the Dockerfile. */
  readonly heredocs: readonly Heredoc[];
  readonly destination: string;
  readonly from?: string;
  readonly chown?: string;
  readonly chmod?: string;
  readonly isLink: boolean;
  readonly parents: boolean;
  readonly exclude: readonly string[];
  readonly checksum?: string;
  readonly keepGitDir?: boolean;
  readonly unpack?: boolean;
}

export interface CommandInstruction extends Common {
  readonly kind: 'CMD' | 'ENTRYPOINT';
  readonly command: CommandLine;
}

export interface ShellInstruction extends Common {
  readonly kind: 'SHELL';
  readonly words: readonly string[];
}

export interface TextInstruction extends Common {
  readonly kind: 'WORKDIR' | 'USER' | 'STOPSIGNAL' | 'MAINTAINER';
  readonly value: string;
}

export interface WordsInstruction extends Common {
  readonly kind: 'EXPOSE' | 'VOLUME';
  readonly words: readonly string[];
}

export interface HealthcheckInstruction extends Common {
  readonly kind: 'HEALTHCHECK';
  /** Undefined: NONE. */
  readonly command?: CommandLine;
  /** Nanoseconds. */
  readonly interval?: number;
  readonly timeout?: number;
  readonly startPeriod?: number;
  readonly startInterval?: number;
  readonly retries?: number;
}

export interface OnbuildInstruction extends Common {
  readonly kind: 'ONBUILD';
  /** The instruction that it keeps, with its here-documents. */
  readonly trigger: string;
}

export type Instruction =
  | FromInstruction
  | ArgInstruction
  | PairsInstruction
  | RunInstruction
  | CopyInstruction
  | CommandInstruction
  | ShellInstruction
  | TextInstruction
  | WordsInstruction
  | HealthcheckInstruction
  | OnbuildInstruction;

export type InstructionKind = Instruction['kind'];
