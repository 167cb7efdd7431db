// When what was written has reached the disk: one syncfs(2) for all who ask at about the same time.

import { constants, mkdirSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createId } from '../../base/id.ts';
import type { Native } from '../../runtime/native.ts';

/** One per store. */
export class FilesystemSync {
  readonly #directory: string;
  readonly #native: Pick<Native, 'openDirectory' | 'close' | 'syncFilesystem'>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** `directory`: any on the file system. */
  constructor(directory: string, native: Pick<Native, 'openDirectory' | 'close' | 'syncFilesystem'>) {
    this.#directory = directory;
    this.#native = native;
  }

  /** Resolves when all that was written before the call is on the disk. */
  sync(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    // The one that runs may have passed by what was written since; all who come meanwhile share the one after it.
    this.#next ??= this.#running.then(
      () => this.#start(),
      () => this.#start(),
    );
    return this.#next;
  }

  #start(): Promise<void> {
    this.#next = undefined;
    const running = this.#syncOnce().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  async #syncOnce(): Promise<void> {
    const fd = this.#native.openDirectory(this.#directory);
    try {
      await this.#native.syncFilesystem(fd);
    } finally {
      this.#native.close(fd);
    }
  }
}

/** Replaces a small file: a reader sees the old content or the new, also after a power cut. */
export async function writeDurably(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  const temporary = `${path}.${createId()}.tmp`;
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** At once: they are there but for the first time, and asking takes less than handing it on. */
export function makeDirectories(paths: readonly string[], mode = 0o700): void {
  for (const path of paths) mkdirSync(path, { recursive: true, mode });
}
