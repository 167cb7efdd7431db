// One command at a time changes a project. The lock's file names its holder, so that a wait can say who it waits for;
// its generation tells a command that let go for a while whether anybody else had it since.

import { closeSync, ftruncateSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { abortable } from '../../base/async.ts';
import { FULL_DISK, unless } from '../../base/system-error.ts';
import type { Descriptor, Native } from '../../runtime/native.ts';
import { isSameFile, openLockFile } from './file-lock.ts';

export interface LockHolder {
  readonly pid: number;
  readonly verb: string;
  /** RFC 3339. */
  readonly since: string;
  /** Counts who took the lock, over the life of the file. */
  readonly generation: number;
}

/** As much as is told of whoever had the lock in the meantime. */
export type LastHolder = Pick<LockHolder, 'verb' | 'pid'>;

export interface ProjectLockRequest {
  readonly native: Native;
  /** Directory of lock files. */
  readonly locks: string;
  readonly project: string;
  readonly verb: string;
  readonly signal?: AbortSignal;
  /** Called once per wait, with whoever holds the lock. */
  onWait(holder: LockHolder | undefined): void;
}

export class ProjectLock {
  readonly #request: ProjectLockRequest;
  readonly #path: string;
  #fd: Descriptor | undefined;
  #generation = 0;

  private constructor(request: ProjectLockRequest) {
    this.#request = request;
    this.#path = projectLockPath(request.locks, request.project);
  }

  static async acquire(request: ProjectLockRequest): Promise<ProjectLock> {
    const lock = new ProjectLock(request);
    await lock.#take();
    return lock;
  }

  /** Lets others have the project, for good or until `retake`. */
  release(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** Removes the file as well: nothing of the project is left. Those who wait for it notice and make it again. */
  releaseAndRemove(): void {
    if (this.#fd !== undefined) unlinkSync(this.#path);
    this.release();
  }

  /** Takes the lock again; resolves to who else had it meanwhile, if anybody did. */
  async retake(): Promise<LastHolder | undefined> {
    const expected = this.#generation;
    const previous = await this.#take();
    if (previous?.generation === expected) return undefined;
    return previous ?? { verb: 'down', pid: 0 };
  }

  /** Resolves to the holder before. */
  async #take(): Promise<LockHolder | undefined> {
    const { verb } = this.#request;
    const fd = await this.#lock();
    this.#fd = fd;
    const previous = readHolder(fd);
    this.#generation = (previous?.generation ?? 0) + 1;
    const since = new Date().toISOString();
    const holder: LockHolder = { pid: process.pid, verb, since, generation: this.#generation };
    ftruncateSync(fd, 0);
    // The lock is what counts, also on a full disk.
    unless(FULL_DISK, () => writeSync(fd, `${JSON.stringify(holder)}\n`, 0));
    return previous;
  }

  async #lock(): Promise<Descriptor> {
    const { native, signal, onWait } = this.#request;
    let told = false;
    for (;;) {
      signal?.throwIfAborted();
      const fd = openLockFile(this.#path);
      let kept = false;
      try {
        if (!native.tryLock(fd, 'exclusive')) {
          if (!told) onWait(readHolder(fd));
          told = true;
          await abortable(native.lock(fd, 'exclusive', true), signal);
        }
        kept = isSameFile(fd, this.#path);
        if (kept) return fd;
      } finally {
        if (!kept) closeSync(fd);
      }
    }
  }
}

export function projectLockPath(locks: string, project: string): string {
  return join(locks, `project-${project}`);
}

/** A half-written holder is nobody: the file is information, the lock is what counts. */
function readHolder(fd: Descriptor): LockHolder | undefined {
  try {
    return JSON.parse(readFileSync(`/proc/self/fd/${fd}`, 'utf8'));
  } catch {
    return undefined;
  }
}
