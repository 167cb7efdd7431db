// Verbs that take several names: each is tried, and what failed is told at the end.

import { TcError } from '../../base/error.ts';

export interface Results<T> {
  readonly done: readonly T[];
  /** To be thrown once `done` is shown. */
  readonly failure?: unknown;
}

/** One after the other: a later one may rely on an earlier one. */
export async function eachOf<T>(
  names: readonly string[],
  work: (name: string) => Promise<T>,
): Promise<Results<T>> {
  const done: T[] = [];
  const failures: TcError[] = [];
  for (const name of names) {
    try {
      done.push(await work(name));
    } catch (error) {
      if (!(error instanceof TcError) || error.code === 'interrupted') return { done, failure: error };
      failures.push(error);
    }
  }
  return failures.length === 0 ? { done } : { done, failure: combine(failures) };
}

function combine([first, ...others]: readonly TcError[]): TcError | undefined {
  if (first === undefined || others.length === 0) return first;
  const { code, kind, hints, exitCode, message } = first;
  return new TcError(message, { code, kind, hints, exitCode, cause: first, others });
}
