// The variables that a command line adds to a container: `--env` and `--env-from-file`.

import { Diagnostics } from './diagnostic/diagnostics.ts';
import type { FileReader } from './file-reader.ts';
import { Environment, readEnvFiles } from './text/environment.ts';
import { Sources } from './text/source-text.ts';

export interface VariableSources {
  /** `NAME=VALUE`, or `NAME` alone for the caller's value; one that has none is left out, as docker does. */
  readonly assignments: readonly string[];
  /** In the format of env files; a later one goes before an earlier one, an assignment before all of them. */
  readonly files: readonly string[];
}

/** @param lookup the caller's variables, and those of the project's `.env` */
export function readVariables(
  { assignments, files }: VariableSources,
  lookup: (name: string) => string | undefined,
  reader: FileReader,
): Record<string, string> {
  const entries = assignments.map((text): [string, string | undefined] => {
    const equals = text.indexOf('=');
    return equals < 0 ? [text, lookup(text)] : [text.slice(0, equals), text.slice(equals + 1)];
  });
  const given = Environment.fromProcess(Object.fromEntries(entries));
  const diagnostics = new Diagnostics(new Sources());
  const variables = readEnvFiles(files, given, reader, diagnostics);
  diagnostics.throwIfFailed();
  return variables.toRecord();
}
