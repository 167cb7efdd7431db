// What is wrong with a Dockerfile, with the line that says so.

import { type SourcePosition, TcError } from '../../base/error.ts';
import { formatExcerpt } from '../../base/excerpt.ts';

/** `text`: of the whole file, for the line that is shown. */
export function problem(
  message: string,
  text: string,
  source: SourcePosition,
  hints: readonly string[] = [],
): TcError {
  return new TcError(message, {
    code: 'invalid-dockerfile',
    source,
    hints,
    excerpt: formatExcerpt(text, source),
  });
}

/** For what is found far from the text: an error that has no place gets this one. */
export function at(error: unknown, text: string, source: SourcePosition): unknown {
  if (!(error instanceof TcError) || error.source !== undefined) return error;
  const { code, kind, hints, exitCode, others, output } = error;
  return new TcError(error.message, {
    code,
    kind,
    hints,
    exitCode,
    others,
    output,
    source,
    excerpt: formatExcerpt(text, source),
    cause: error.cause ?? error,
  });
}
