// The variables that a file may name: the caller's first, then `--env-file` or `.env`.

import { join } from 'node:path';
import type { Diagnostics } from '../diagnostic/diagnostics.ts';
import type { FileReader } from '../file-reader.ts';
import { type EnvEntries, type EnvEntry, parseDotenv } from './dotenv.ts';
import { readSource } from './read-source.ts';
import { nowhere, type Place } from './source-text.ts';

/** Immutable. Entries from the process have no place. */
export class Environment {
  private readonly entries: ReadonlyMap<string, EnvEntry>;

  constructor(entries: ReadonlyMap<string, EnvEntry>) {
    this.entries = entries;
  }

  static fromProcess(variables: Readonly<Record<string, string | undefined>>): Environment {
    const entries: EnvEntries = new Map();
    for (const [name, value] of Object.entries(variables)) {
      if (value !== undefined) entries.set(name, { value, at: nowhere });
    }
    return new Environment(entries);
  }

  readonly lookup = (name: string): string | undefined => this.entries.get(name)?.value;

  entry(name: string): EnvEntry | undefined {
    return this.entries.get(name);
  }

  names(): Iterable<string> {
    return this.entries.keys();
  }

  /** With what it does not have yet. */
  withDefaults(defaults: ReadonlyMap<string, EnvEntry>): Environment {
    return new Environment(new Map([...defaults, ...this.entries]));
  }

  toRecord(): Record<string, string> {
    const sorted = [...this.entries].sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted.map(([name, entry]) => [name, entry.value]));
  }
}

/** The file read when no `--env-file` is given, if it is there and not switched off. */
export function defaultEnvFiles(directory: string, environment: Environment, reader: FileReader): string[] {
  if (isTruthy(environment.lookup('COMPOSE_DISABLE_ENV_FILE'))) return [];
  const file = join(directory, '.env');
  return reader.exists(file) ? [file] : [];
}

export function isTruthy(value: string | undefined): boolean {
  return value !== undefined && ['1', 't', 'true', 'y', 'yes', 'on'].includes(value.toLowerCase());
}

/** Reads the files in order, a later one over an earlier one, all under what `environment` already has. */
export function readEnvFiles(
  files: readonly string[],
  environment: Environment,
  reader: FileReader,
  diagnostics: Diagnostics,
  at?: Place,
): Environment {
  const entries: EnvEntries = new Map();
  for (const file of files) {
    const source = readSource(file, reader, diagnostics, {
      code: 'env-file-missing',
      what: 'the env file',
      at,
    });
    if (!source) continue;
    const lookup = (name: string) => environment.lookup(name) ?? entries.get(name)?.value;
    for (const [name, entry] of parseDotenv(source, { lookup, diagnostics })) entries.set(name, entry);
  }
  return entries.size === 0 ? environment : environment.withDefaults(entries);
}
