// The keys that leave a container alone: `ctrl-p,ctrl-q` unless the user says otherwise.

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { usageError } from './argv.ts';
import type { Environment } from './flag-values.ts';

const DEFAULT_KEYS = 'ctrl-p,ctrl-q';

/** `a`, `ctrl-a`, `ctrl-@`, separated by commas: as the docker CLI takes them. The bytes that a terminal sends for them. */
export function parseDetachKeys(text: string): Buffer {
  return Buffer.from(text.split(',').map((key) => parseKey(key, text)));
}

function parseKey(key: string, text: string): number {
  if (/^[\x20-\x7e]$/.test(key)) return key.charCodeAt(0);
  const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key)?.[1];
  if (control !== undefined) return control.toUpperCase().charCodeAt(0) & 0x1f;
  throw usageError(`--detach-keys: "${key || text}" is not a key`, [
    'keys are single characters, or ctrl- with one of a-z @ [ \\ ] ^ _, separated by commas',
  ]);
}

/** What was asked for on the command line, else in the docker CLI's configuration. */
export function chooseDetachKeys(asked: string | undefined, environment: Environment): Buffer {
  return parseDetachKeys(asked || configuredKeys(environment) || DEFAULT_KEYS);
}

/** A configuration that cannot be read is the docker CLI's affair. */
function configuredKeys(environment: Environment): string | undefined {
  const directory = environment['DOCKER_CONFIG'] || join(environment['HOME'] || homedir(), '.docker');
  try {
    const { detachKeys } = JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8')) as {
      detachKeys?: unknown;
    };
    return typeof detachKeys === 'string' ? detachKeys : undefined;
  } catch {
    return undefined;
  }
}
