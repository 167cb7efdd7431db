// The keys that leave a container alone: `ctrl-p,ctrl-q` unless the user says otherwise.

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Transform, type TransformCallback } from 'node:stream';
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

/**
 * Passes on what is typed, up to the detach keys. Keys that begin like them are held back until the next one tells.
 */
export class DetachFilter extends Transform {
  /** Settles when the keys have been typed. */
  readonly detached: Promise<void>;
  readonly #keys: Buffer;
  readonly #onDetach: () => void;
  /** What was typed and may become the keys. */
  readonly #held: number[] = [];

  constructor(keys: Buffer) {
    super();
    this.#keys = keys;
    let onDetach: () => void = () => undefined;
    this.detached = new Promise((resolve) => {
      onDetach = resolve;
    });
    this.#onDetach = onDetach;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const passed: number[] = [];
    for (const byte of chunk) {
      this.#held.push(byte);
      while (!this.#isBeginning()) passed.push(this.#held.shift() as number);
      if (this.#held.length < this.#keys.length) continue;
      this.#held.length = 0;
      this.#onDetach();
      break;
    }
    done(null, Buffer.from(passed));
  }

  #isBeginning(): boolean {
    return this.#held.every((byte, index) => byte === this.#keys[index]);
  }
}
