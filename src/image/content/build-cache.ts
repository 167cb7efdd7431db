// What steps of builds came to, by key: which layer is the result of which step on which layers. A record is written when
// its layer is on the disk, and says nothing once that has gone.

import { readdir, readFile, rename, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
  async read(key: CacheKey): Promise<CachedLayer | undefined> {
    const text = await readFile(this.#path(key), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : parseRecord(text);
  }

  async write(key: CacheKey, layer: CachedLayer): Promise<void> {
    await makeDirectories([this.#directory]);
    const temporary = `${this.#path(key)}.${process.pid}.tmp`;
    await writeFile(temporary, JSON.stringify(layer), { mode: 0o600 });
    await rename(temporary, this.#path(key));
  }

  /** For whoever asks how long it has not been used. */
  async touch(key: CacheKey): Promise<void> {
    const now = new Date();
    await utimes(this.#path(key), now, now).catch(ignoreAbsent);
  }

  async list(): Promise<CachedLayer[]> {
    const names = (await readdir(this.#directory).catch(ignoreAbsent)) ?? [];
    const records = await Promise.all(
      names.filter((name) => name.endsWith('.json')).map((name) => this.read(name.slice(0, -'.json'.length))),
    );
    return records.filter((record) => record !== undefined);
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
