// Locks with names, held by flock(2) on small files: the kernel drops them when their holder dies, however it dies.

import { closeSync, constants, fstatSync, openSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { abortable } from '../../base/async.ts';
import { unless } from '../../base/system-error.ts';
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
      const fd = openLockFile(path);
      await this.#take(fd, waiting);
      // Unlinked while it is still held, so that whoever waits sees that its file has gone.
      const release = () => {
        unless(['ENOENT'], () => unlinkSync(path));
        closeSync(fd);
      };
      // Else the holder before unlinked the file: what we locked is nobody's name any more.
      if (isFileAt(fd, path)) return held(fd, release);
      closeSync(fd);
    }
  }

  /** Closes the file if it fails. flock(2) cannot be given up: after an abort it is closed when it has its lock. */
  async #take(fd: number, { onWait, signal }: Waiting): Promise<void> {
    if (this.#native.tryLock(fd, 'exclusive')) return;
    onWait?.();
    const locked = this.#native.lock(fd, 'exclusive', true);
    try {
      await abortable(locked, signal);
    } catch (error) {
      locked.finally(() => closeSync(fd)).catch(() => undefined);
      throw error;
    }
  }

  /** A lock whose file stays. Waits for it, unless `wait` is false and somebody holds it: then undefined. */
  async hold(name: string, mode: LockMode, wait = true): Promise<HeldLock | undefined> {
    const fd = openLockFile(join(this.#directory, name));
    try {
      // Mostly nobody has it, and waiting takes a thread.
      const isTaken = this.#native.tryLock(fd, mode) || (wait && (await this.#native.lock(fd, mode, true)));
      if (isTaken) return held(fd, () => closeSync(fd));
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
    return undefined;
  }
}

/** Released once, whoever asks how often: the number may be another file's by then. */
function held(fd: number, close: () => void): HeldLock {
  let isHeld = true;
  return {
    fd,
    async release() {
      if (isHeld) close();
      isHeld = false;
    },
  };
}

function openLockFile(path: string): number {
  return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
}

function isFileAt(fd: number, path: string): boolean {
  const mine = fstatSync(fd, { bigint: true });
  const there = statSync(path, { bigint: true, throwIfNoEntry: false });
  return there !== undefined && there.ino === mine.ino && there.dev === mine.dev;
}
