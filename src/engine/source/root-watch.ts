// Watches for a path to come, to go and to be replaced: in its directory or, as long as that is missing, in the nearest
// one above that is there.

import { existsSync, type FSWatcher, watch } from 'node:fs';
import { posix } from 'node:path';
import { errnoOf } from '../../base/system-error.ts';
import { describeWatchFailure } from './watch-failure.ts';

export type RootEvent = 'changed' | 'renamed';

const gone = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

export class RootWatch {
  readonly #path: string;
  readonly #onEvent: () => void;
  #watcher: FSWatcher | undefined;
  #event: RootEvent | undefined;

  constructor(path: string, onEvent: () => void) {
    this.#path = path;
    this.#onEvent = onEvent;
  }

  open(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    for (let name = this.#path; name !== posix.dirname(name); ) {
      const above = posix.dirname(name);
      this.#watcher = this.#watch(above, posix.basename(name));
      if (this.#watcher === undefined) {
        name = above;
        continue;
      }
      // It may have come between the two looks; then it can be watched from nearer.
      if (name === this.#path || !existsSync(name)) return;
      this.#watcher.close();
      name = this.#path;
    }
  }

  /** What happened since the last time. */
  take(): RootEvent | undefined {
    const event = this.#event;
    this.#event = undefined;
    if (event === 'renamed') this.open();
    return event;
  }

  close(): void {
    this.#watcher?.close();
  }

  #watch(directory: string, name: string): FSWatcher | undefined {
    try {
      const watcher = watch(directory, (event, found) => {
        // With its own name the directory tells that it has gone itself.
        const concerns = found === null || found === name || found === posix.basename(directory);
        if (concerns) this.#note(event === 'rename' ? 'renamed' : 'changed');
      });
      watcher.on('error', () => this.#note('renamed'));
      return watcher;
    } catch (error) {
      if (gone.has(errnoOf(error) ?? '')) return undefined;
      throw describeWatchFailure(error, directory, 0);
    }
  }

  #note(event: RootEvent): void {
    if (this.#event !== 'renamed') this.#event = event;
    this.#onEvent();
  }
}
