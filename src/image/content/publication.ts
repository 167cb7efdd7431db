// Names for blobs and layers before their content has reached the disk. A mark says so, and is on the disk first: after a
// power cut it is known what has to be looked at again. Nothing is built on an image before `settle`, so that a container
// never has a layer that a power cut can take.

import { readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { unless } from '../../base/system-error.ts';
import { type FilesystemSync, writeDurably } from './durable.ts';
import type { StoreLayout } from './layout.ts';
import type { HeldLock, NamedLocks } from './named-lock.ts';

interface Mark {
  readonly version: 1;
  /** The boot whose page cache may hold what the disk lacks. */
  readonly boot: string;
  /** What is older has been synced. Milliseconds since the epoch. */
  readonly since: number;
}

/** Time stamps of files come from the kernel's tick. */
const clockSlackMs = 1000;
const lockName = 'unsynced';

export class Publication {
  readonly #path: string;
  readonly #locks: NamedLocks;
  readonly #disk: FilesystemSync;
  #boot: string | undefined;

  constructor(layout: StoreLayout, locks: NamedLocks, disk: FilesystemSync) {
    this.#path = join(layout.images, 'unsynced');
    this.#locks = locks;
    this.#disk = disk;
  }

  /** `rename` makes something visible that is whole, but may not be on the disk yet. */
  async publish(rename: () => Promise<void>): Promise<void> {
    const lock = (await this.#locks.hold(lockName, 'shared')) as HeldLock;
    try {
      if (!this.#read()) await this.#mark();
      await rename();
    } finally {
      await lock.release();
    }
  }

  /** Resolves when all that has a name is on the disk. */
  async settle(): Promise<void> {
    if (!this.#read()) return;
    await this.#clear(() => this.#disk.sync());
  }

  /**
   * After a power cut or a reboot, calls `verify` for what was published after `since` (milliseconds since the epoch): it
   * removes what is not whole.
   */
  async recover(verify: (since: number) => Promise<void>): Promise<void> {
    const mark = this.#read();
    if (!mark || mark.boot === this.#currentBoot()) return;
    await this.#clear(async ({ boot, since }) => {
      if (boot !== this.#currentBoot()) await verify(since - clockSlackMs);
      await this.#disk.sync();
    });
  }

  /** Nobody publishes while the mark goes. */
  async #clear(work: (mark: Mark) => Promise<void>): Promise<void> {
    const lock = (await this.#locks.hold(lockName, 'exclusive')) as HeldLock;
    try {
      const mark = this.#read();
      if (!mark) return;
      await work(mark);
      unless(['ENOENT'], () => unlinkSync(this.#path));
    } finally {
      await lock.release();
    }
  }

  async #mark(): Promise<void> {
    const mark: Mark = { version: 1, boot: this.#currentBoot(), since: Date.now() };
    await writeDurably(this.#path, JSON.stringify(mark));
  }

  #read(): Mark | undefined {
    const text = unless(['ENOENT'], () => readFileSync(this.#path, 'utf8'));
    return text === undefined ? undefined : (JSON.parse(text) as Mark);
  }

  #currentBoot(): string {
    this.#boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return this.#boot;
  }
}
