// Wakes whoever waits for something below some directories to change: inotify, never a clock.

import { type FSWatcher, watch } from 'node:fs';

export class DirectoryWaker {
  readonly #watchers: FSWatcher[] = [];
  readonly #signal: AbortSignal | undefined;
  #changed = false;
  #wake: (() => void) | undefined;
  readonly #notice = () => {
    this.#changed = true;
    this.#wake?.();
  };

  constructor(directories: readonly string[], signal?: AbortSignal) {
    this.#signal = signal;
    signal?.addEventListener('abort', this.#notice, { once: true });
    for (const directory of directories) {
      try {
        const watcher = watch(directory, this.#notice);
        watcher.on('error', this.#notice);
        this.#watchers.push(watcher);
      } catch {
        // Gone, or the host's inotify instances are used up: the next look says how things are.
        this.#changed = true;
      }
    }
  }

  /** Resolves when something has changed since the last time, or the signal has fired. */
  async next(): Promise<void> {
    if (!this.#changed && !this.#signal?.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#changed = false;
  }

  close(): void {
    this.#signal?.removeEventListener('abort', this.#notice);
    for (const watcher of this.#watchers) watcher.close();
  }
}
