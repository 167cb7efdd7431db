// The one error type that users see. Domain rooms throw it; `ui` renders it; `cli` turns it into an exit code.

/** A place in a file, 1-based. `file` is absolute, or `-` for standard input. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly col: number;
}

/**
 * Who can mend it: `user` (input, options), `environment` (kernel, permission, network, disk), `bug` (an invariant
 * of tcompose does not hold).
 */
export type ErrorKind = 'user' | 'environment' | 'bug';

export interface TcErrorOptions {
  /** Stable kebab-case code, documented in docs/errors.md. */
  readonly code: string;
  readonly kind?: ErrorKind;
  /** What to do about it, one sentence each. */
  readonly hints?: readonly string[];
  readonly source?: SourcePosition;
  /** Keys from what was asked to be worked on to what is wrong in it: who knows the file makes `source` of it. */
  readonly path?: readonly string[];
  /** The line of `source` with a caret below it, ready to print: see excerpt.ts. */
  readonly excerpt?: readonly string[];
  /** What a command printed before it failed, line by line. */
  readonly output?: readonly string[];
  /** Process exit code: 1 failure, 2 usage, 125/126/127 as docker run. Default 1. */
  readonly exitCode?: number;
  readonly cause?: unknown;
  /** Other independent errors found in the same run. */
  readonly others?: readonly TcError[];
}

export class TcError extends Error {
  override readonly name = 'TcError';
  readonly code: string;
  readonly kind: ErrorKind;
  readonly hints: readonly string[];
  readonly source: SourcePosition | undefined;
  readonly path: readonly string[] | undefined;
  readonly excerpt: readonly string[];
  readonly output: readonly string[];
  readonly exitCode: number;
  readonly others: readonly TcError[];

  constructor(message: string, options: TcErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.kind = options.kind ?? 'user';
    this.hints = options.hints ?? [];
    this.source = options.source;
    this.path = options.path;
    this.excerpt = options.excerpt ?? [];
    this.output = options.output ?? [];
    this.exitCode = options.exitCode ?? 1;
    this.others = options.others ?? [];
  }
}

/** A broken invariant: never the user's fault; the message names the invariant. */
export function bug(message: string, cause?: unknown): TcError {
  return new TcError(message, {
    code: 'internal',
    kind: 'bug',
    hints: ['this is a defect of tcompose: please report it with the command and the files that led to it'],
    cause,
  });
}

/** The same error with other options; what is not given stays. */
export function changeError(error: TcError, changes: Partial<TcErrorOptions>): TcError {
  const { code, kind, hints, source, path, excerpt, output, exitCode, cause, others } = error;
  const places = { ...(source && { source }), ...(path && { path }) };
  const options = { code, kind, hints, excerpt, output, exitCode, cause, others, ...places };
  return new TcError(error.message, { ...options, ...changes });
}

/** Independent failures as one: a defect goes first, the others follow what comes first. */
export function joinErrors(errors: readonly unknown[]): unknown {
  const foreign = errors.find((error) => !(error instanceof TcError));
  const [first, ...others] = errors.flatMap((error) => (error instanceof TcError ? error : []));
  if (foreign !== undefined || first === undefined) return foreign;
  return changeError(first, {
    others: [...first.others, ...others.flatMap((error) => [error, ...error.others])],
  });
}

/** Marks a branch that the types rule out. */
export function unreachable(value: never): never {
  throw bug(`unexpected value ${JSON.stringify(value)}`);
}
