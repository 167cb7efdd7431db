// Where the command was given, by the name that the user knows it under.

import { statSync } from 'node:fs';
import { TcError } from '../base/error.ts';
import type { Environment } from './flag-values.ts';

/** $PWD if it is this directory, as Go's os.Getwd: projects are named after directories, and links have names too. */
export function workingDirectory(environment: Environment): string {
  const named = environment['PWD'];
  if (named?.startsWith('/') && isSameFile(named, '.')) return named;
  try {
    return process.cwd();
  } catch (cause) {
    throw new TcError('the current directory does not exist any more', {
      code: 'no-working-directory',
      hints: ['change to another one'],
      cause,
    });
  }
}

function isSameFile(a: string, b: string): boolean {
  const [first, second] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false }));
  return first !== undefined && first.dev === second?.dev && first.ino === second.ino;
}
