// How registries are reached: what the configuration, the environment and the files of Docker say.

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { errnoOf } from '../../base/system-error.ts';
import { mergeSettings, parseDaemonFile, parseRegistriesFile, type RegistriesFile } from './settings-file.ts';

export interface RegistrySettings extends RegistriesFile {
  /** HOME, DOCKER_CONFIG, HTTP_PROXY and their like. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A registry that is silent for so long has failed. Default: one minute. */
  readonly silenceMs?: number;
  /** Before the first repetition; it doubles each time. Default: half a second. */
  readonly retryDelayMs?: number;
}

export interface SettingsPlaces {
  /** The machine's. */
  readonly system: string;
  /** Docker's own; read only where the machine's is missing. */
  readonly daemon: string;
}

const defaultPlaces: SettingsPlaces = {
  system: '/etc/tcompose/registries.json',
  daemon: '/etc/docker/daemon.json',
};

/** What the caller's environment says, and the files: the machine's, or Docker's in its place, and the user's over it. */
export function readRegistrySettings(
  environment: RegistrySettings['environment'] = process.env,
  places: SettingsPlaces = defaultPlaces,
): RegistrySettings {
  const system = read(places.system, parseRegistriesFile) ?? read(places.daemon, parseDaemonFile) ?? {};
  const user = read(userRegistriesPath(environment), parseRegistriesFile) ?? {};
  return { environment, ...mergeSettings(system, user) };
}

function userRegistriesPath(environment: RegistrySettings['environment']): string {
  const directory = environment['XDG_CONFIG_HOME'] || join(environment['HOME'] || homedir(), '.config');
  return join(directory, 'tcompose/registries.json');
}

function read<T>(path: string, parse: (text: string, path: string) => T): T | undefined {
  try {
    return parse(readFileSync(path, 'utf8'), path);
  } catch (error) {
    if (error instanceof TcError) throw error;
    const errno = errnoOf(error);
    // One that others may not read is not meant for them.
    if (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'EACCES') return undefined;
    throw new TcError(`${path} cannot be read: ${errno}`, {
      code: 'malformed-registries',
      kind: 'environment',
      cause: error,
    });
  }
}
