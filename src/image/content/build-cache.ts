// What steps of builds came to, by key: which layer is the result of which step on which layers. A record is written when
// its layer is on the disk, and says nothing once that has gone.

import { readFileSync, utimesSync } from 'node:fs';
import { readdir, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createId } from '../../base/id.ts';
import type { Descriptor } from '../descriptor.ts';
import { type Digest, isDigest } from '../digest.ts';
import { makeDirectories } from './durable.ts';
import { ignoreAbsent } from './files.ts';

export interface CachedLayer {
  readonly version: 1;
  readonly chainId: Digest;
  readonly diffId: Digest;
  readonly descriptor: Descriptor;
  /** RFC 3339: when the step ran. */
  readonly created: string;
}

/** 64 hex digits. */
export type CacheKey = string;

export interface UsedStep {
  readonly key: CacheKey;
  readonly step: CachedLayer;
  readonly usedAt: number;
}

export class BuildCache {
  readonly #directory: string;

  /** `directory`: of the records. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  #path(key: CacheKey): string {
    return join(this.#directory, `${key}.json`);
  }

  /** Undefined: there is none, or it cannot be read; then the step runs. */
  read(key: CacheKey): CachedLayer | undefined {
    try {
      return parseRecord(readFileSync(this.#path(key), 'utf8'));
    } catch {
      return undefined;
    }
  }

  async write(key: CacheKey, layer: CachedLayer): Promise<void> {
    makeDirectories([this.#directory]);
    const temporary = `${this.#path(key)}.${createId()}.tmp`;
    await writeFile(temporary, JSON.stringify(layer), { mode: 0o600 });
    await rename(temporary, this.#path(key));
  }

  /** For whoever asks how long it has not been used. */
  touch(key: CacheKey): void {
    const now = new Date();
    try {
      utimesSync(this.#path(key), now, now);
    } catch (error) {
      ignoreAbsent(error as NodeJS.ErrnoException);
    }
  }

  async remove(key: CacheKey): Promise<void> {
    await unlink(this.#path(key)).catch(ignoreAbsent);
  }

  /** With the time of the last use, in milliseconds since the epoch. */
  async listUsed(): Promise<UsedStep[]> {
    const names = (await readdir(this.#directory).catch(ignoreAbsent)) ?? [];
    const used: UsedStep[] = [];
    for (const name of names.filter((each) => each.endsWith('.json'))) {
      const key = name.slice(0, -'.json'.length);
      const [step, found] = [this.read(key), await stat(this.#path(key)).catch(ignoreAbsent)];
      if (step && found) used.push({ key, step, usedAt: found.mtimeMs });
    }
    return used;
  }

  async list(): Promise<CachedLayer[]> {
    const names = (await readdir(this.#directory).catch(ignoreAbsent)) ?? [];
    return names
      .filter((name) => name.endsWith('.json'))
      .flatMap((name) => this.read(name.slice(0, -'.json'.length)) ?? []);
  }

  /** Removes what was begun by processes that are no more. The caller knows that no other builds. */
  async sweep(): Promise<void> {
    const names = (await readdir(this.#directory).catch(ignoreAbsent)) ?? [];
    for (const name of names.filter((each) => each.endsWith('.tmp'))) {
      await unlink(join(this.#directory, name)).catch(ignoreAbsent);
    }
  }
}

function parseRecord(text: string): CachedLayer | undefined {
  try {
    const record = JSON.parse(text) as CachedLayer;
    const isWhole =
      record.version === 1 && [record.chainId, record.diffId, record.descriptor.digest].every(isDigest);
    return isWhole ? record : undefined;
  } catch {
    return undefined;
  }
}
