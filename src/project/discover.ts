// Finds the files of a project: `-f`, COMPOSE_FILE, or the usual names in this directory and those above it.

import { dirname, join, resolve } from 'node:path';
import { TcError } from '../base/error.ts';
import type { Warning } from '../base/warning.ts';
import { composeFileNames, overrideFileNames } from './compose-file-name.ts';
import { Diagnostics } from './diagnostic/diagnostics.ts';
import type { FileReader } from './file-reader.ts';
import { defaultEnvFiles, Environment, readEnvFiles } from './text/environment.ts';
import { isRemote } from './text/remote.ts';
import { Sources } from './text/source-text.ts';

export interface DiscoverOptions {
  /** `-f`, as typed; relative to `cwd`. */
  readonly files: readonly string[];
  readonly cwd: string;
  /** `--project-directory`, as typed. */
  readonly projectDirectory?: string;
  /** `--env-file`, as typed. */
  readonly envFiles?: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What `loadProject` takes, and the variables to which `.env` has been added (COMPOSE_* of it count as exported). */
export interface Discovery {
  readonly files: readonly string[];
  readonly cwd: string;
  readonly projectDirectory: string;
  readonly envFiles: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly warnings: readonly Warning[];
}

/** Throws TcError if a file is missing or none is found. */
export function discoverFiles(options: DiscoverOptions, reader: FileReader): Discovery {
  const diagnostics = new Diagnostics(new Sources());
  const { cwd } = options;
  const explicit =
    options.projectDirectory === undefined ? undefined : resolve(cwd, options.projectDirectory);
  const named = options.files.map((file) => toPath(file, cwd));
  const caller = Environment.fromProcess({ PWD: cwd, ...options.environment });
  const given = options.envFiles ?? splitList(caller.lookup('COMPOSE_ENV_FILES'), ',');
  const envFilesOf = (directory: string) =>
    given.length > 0 ? given.map((file) => resolve(cwd, file)) : defaultEnvFiles(directory, caller, reader);

  const first = envFilesOf(explicit ?? directoryOf(named) ?? cwd);
  const before = readEnvFiles(first, caller, reader, diagnostics);
  const files = named.length > 0 ? named : findFiles(explicit ?? cwd, before, cwd, reader, diagnostics);
  const projectDirectory = explicit ?? directoryOf(files) ?? cwd;
  // The file may have been found in a parent directory, which then has an env file of its own.
  const envFiles = [...new Set([...envFilesOf(projectDirectory), ...first])];
  const environment = readEnvFiles(envFiles, before, reader, diagnostics);
  diagnostics.throwIfFailed();
  return {
    files,
    cwd,
    projectDirectory,
    envFiles,
    environment: { PWD: cwd, ...options.environment },
    variables: environment.toRecord(),
    warnings: diagnostics.warnings,
  };
}

/** Standard input and remote names stay as they are. */
function toPath(file: string, cwd: string): string {
  return file === '-' || isRemote(file) ? file : resolve(cwd, file);
}

function directoryOf(files: readonly string[]): string | undefined {
  const first = files.find((file) => file !== '-');
  return first === undefined || isRemote(first) ? undefined : dirname(first);
}

function splitList(text: string | undefined, separator: string): string[] {
  return (text ?? '').split(separator).filter((part) => part !== '');
}

function findFiles(
  start: string,
  environment: Environment,
  cwd: string,
  reader: FileReader,
  diagnostics: Diagnostics,
): string[] {
  const separator = environment.lookup('COMPOSE_PATH_SEPARATOR') || ':';
  const listed = splitList(environment.lookup('COMPOSE_FILE'), separator);
  if (listed.length > 0) return listed.map((file) => toPath(file, cwd));
  for (let directory = start; ; directory = dirname(directory)) {
    const file = pick(composeFileNames, directory, reader, diagnostics);
    if (file !== undefined) {
      const override = pick(overrideFileNames, directory, reader, diagnostics);
      return override === undefined ? [file] : [file, override];
    }
    if (directory === dirname(directory)) break;
  }
  throw new TcError(`no Compose file in ${start} or above`, {
    code: 'file-missing',
    hints: [`create ${composeFileNames[0]} there, or name a file with \`-f FILE\``],
  });
}

function pick(
  names: readonly string[],
  directory: string,
  reader: FileReader,
  diagnostics: Diagnostics,
): string | undefined {
  const found = names.map((name) => join(directory, name)).filter((file) => reader.exists(file));
  const [file] = found;
  if (found.length > 1) {
    diagnostics.warn({
      code: 'file-ambiguous',
      message: `several files could be meant: ${found.join(', ')}; ${file} is taken`,
      hints: ['remove the others, or name one with `-f`'],
    });
  }
  return file;
}
