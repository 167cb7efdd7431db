// What is known of the files of contexts from earlier builds: a record for each directory. Losing one costs reading the files
// again, so that none is forced to the disk; one that a power cut has torn is as good as none.

import { existsSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createId } from '../../base/id.ts';
import { sha256 } from '../../base/sha256.ts';
import { makeDirectories } from './durable.ts';
import { ignoreAbsent } from './files.ts';
import type { StoreLayout } from './layout.ts';

export interface ContextFile {
  readonly stamp: string;
  /** Hex. */
  readonly digest: string;
}

interface ContextRecord {
  readonly version: 1;
  readonly directory: string;
  /** By paths: stamp and digest. */
  readonly files: Readonly<Record<string, readonly [string, string]>>;
}

export class ContextDigests {
  readonly #directory: string;
  readonly #staging: string;

  constructor({ buildContexts, staging }: Pick<StoreLayout, 'buildContexts' | 'staging'>) {
    this.#directory = buildContexts;
    this.#staging = staging;
  }

  #path(context: string): string {
    return join(this.#directory, `${sha256(context)}.json`);
  }

  /** What was fetched for one build has another name in the next. */
  #isPassing(context: string): boolean {
    return context.startsWith(`${this.#staging}/`);
  }

  /** `context`: an absolute path. Empty: there is no record, or it cannot be read. */
  read(context: string): ReadonlyMap<string, ContextFile> {
    try {
      const { version, directory, files } = JSON.parse(
        readFileSync(this.#path(context), 'utf8'),
      ) as ContextRecord;
      if (version !== 1 || directory !== context) return new Map();
      const now = new Date();
      utimesSync(this.#path(context), now, now);
      return new Map(Object.entries(files).map(([path, [stamp, digest]]) => [path, { stamp, digest }]));
    } catch {
      return new Map();
    }
  }

  write(context: string, files: ReadonlyMap<string, ContextFile>): void {
    if (this.#isPassing(context)) return;
    const entries = [...files].map(([path, { stamp, digest }]) => [path, [stamp, digest]] as const);
    const record: ContextRecord = { version: 1, directory: context, files: Object.fromEntries(entries) };
    const temporary = `${this.#path(context)}.${createId()}.tmp`;
    try {
      makeDirectories([this.#directory]);
      writeFileSync(temporary, JSON.stringify(record), { mode: 0o600, flag: 'wx' });
      renameSync(temporary, this.#path(context));
    } catch {
      // A full disk, mostly: the build has what it needs.
      if (existsSync(temporary)) rmSync(temporary, { force: true });
    }
  }

  /** Those that were last used before `until` (milliseconds since the epoch), and what killed builds left. */
  async removeUnused(until: number): Promise<void> {
    for (const name of (await readdir(this.#directory).catch(ignoreAbsent)) ?? []) {
      const path = join(this.#directory, name);
      const found = await stat(path).catch(ignoreAbsent);
      if (found && found.mtimeMs < until) rmSync(path, { force: true });
    }
  }
}
