// Locks with names, held by flock(2) on small files: the kernel drops them when their holder dies, however it dies.

import { constants } from 'node:fs';
import { type FileHandle, open, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { abortable } from '../../base/async.ts';
import type { Native } from '../../runtime/native.ts';

export type LockMode = 'shared' | 'exclusive';

export interface HeldLock {
  /** May be handed to a child, which then shares the lock. */
  readonly fd: number;
  release(): Promise<void>;
}

export interface Waiting {
  /** Called if somebody else holds the lock. */
  readonly onWait?: () => void;
  readonly signal?: AbortSignal | undefined;
}

type LockNative = Pick<Native, 'lock' | 'tryLock'>;

export class NamedLocks {
  readonly #directory: string;
  readonly #native: LockNative;

  constructor(directory: string, native: LockNative) {
    this.#directory = directory;
    this.#native = native;
  }

  /**
   * Waits for an exclusive lock whose file goes away with it: for names that come and go, such as digests.
   */
  async acquire(name: string, waiting: Waiting = {}): Promise<HeldLock> {
    const path = join(this.#directory, name);
    for (;;) {
      const file = await openLockFile(path);
      await this.#take(file, waiting);
      // Else the holder before unlinked the file: what we locked is nobody's name any more.
      if (await isFileAt(file, path)) return { fd: file.fd, release: () => releaseAndUnlink(file, path) };
      await file.close();
    }
  }

  /** Closes the file if it fails. flock(2) cannot be given up: after an abort it is closed when it has its lock. */
  async #take(file: FileHandle, { onWait, signal }: Waiting): Promise<void> {
    if (this.#native.tryLock(file.fd, 'exclusive')) return;
    onWait?.();
    const locked = this.#native.lock(file.fd, 'exclusive', true);
    try {
      await abortable(locked, signal);
    } catch (error) {
      locked.finally(() => file.close()).catch(() => undefined);
      throw error;
    }
  }

  /** A lock whose file stays. Waits for it, unless `wait` is false and somebody holds it: then undefined. */
  async hold(name: string, mode: LockMode, wait = true): Promise<HeldLock | undefined> {
    const file = await openLockFile(join(this.#directory, name));
    try {
      if (await this.#native.lock(file.fd, mode, wait)) {
        return { fd: file.fd, release: () => file.close() };
      }
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
    return undefined;
  }
}

function openLockFile(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
}

async function isFileAt(file: FileHandle, path: string): Promise<boolean> {
  const mine = await file.stat({ bigint: true });
  const there = await stat(path, { bigint: true }).catch(() => undefined);
  return there !== undefined && there.ino === mine.ino && there.dev === mine.dev;
}

/** Unlinked while it is still held, so that whoever waits sees that its file has gone. */
async function releaseAndUnlink(file: FileHandle, path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
  await file.close();
}
