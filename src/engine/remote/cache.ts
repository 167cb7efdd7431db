// The cache of remote Compose files: copies by version, each made aside and renamed when it is whole, and one record per
// name of the version that was accepted.
//
//   <cache>/accepted/<sha256 of the name>      the version
//   <cache>/git/<sha256 of the URL>/<commit>/  <cache>/oci/<digest>/

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { sha256 } from '../../base/sha256.ts';
import { unless } from '../../base/system-error.ts';
import { remoteFailure } from './failure.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export function cacheDirectory({ HOME, XDG_CACHE_HOME }: Environment): string {
  const base = XDG_CACHE_HOME?.startsWith('/') ? XDG_CACHE_HOME : join(HOME || '/', '.cache');
  return join(base, 'tcompose', 'remote');
}

export class RemoteCache {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  readVersion(name: string): string | undefined {
    return unless(['ENOENT'], () => {
      const text = readFileSync(this.#record(name), 'utf8');
      this.#requireOwn();
      return text;
    });
  }

  writeVersion(name: string, version: string): void {
    const record = this.#record(name);
    const temporary = `${record}.${process.pid}`;
    this.#make(dirname(record));
    writeFileSync(temporary, version, { mode: 0o600 });
    renameSync(temporary, record);
  }

  /** `place`: the kind, the repository if versions are its own, the version. */
  path(...place: readonly string[]): string {
    return join(this.#directory, ...place);
  }

  /** Calls `fill` with a new directory, unless the copy is there. Two commands at once do not meet. */
  async add(copy: string, fill: (staging: string) => Promise<void>): Promise<void> {
    if (existsSync(copy)) return this.#requireOwn();
    this.#make(dirname(copy));
    const staging = mkdtempSync(join(dirname(copy), 'new-'));
    try {
      await fill(staging);
      if (!existsSync(copy)) renameSync(staging, copy);
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  }

  #record(name: string): string {
    return this.path('accepted', hashOf(name));
  }

  #make(directory: string): void {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#requireOwn();
  }

  /** What somebody else can write must not become what root runs. */
  #requireOwn(): void {
    const { mode, uid } = statSync(this.#directory);
    if (uid === process.geteuid?.() && (mode & 0o022) === 0) return;
    throw remoteFailure(`the cache ${this.#directory} can be written by others`, [
      'remove it, or set XDG_CACHE_HOME to a directory of your own',
    ]);
  }
}

export function hashOf(text: string): string {
  return sha256(text);
}
