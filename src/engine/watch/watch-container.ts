// A container's snapshots as they change: woken by the files that its monitor writes, until it is removed.

import { type FSWatcher, watch } from 'node:fs';
import type { ObservedContainer } from '../../plan/observed-state.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { describeObserved } from '../observe/observed-container.ts';
import { readContainerRecord } from '../record/container-record.ts';
import { readContainerStatus } from '../status/status.ts';

export async function* watchContainer(
  paths: InstancePaths,
  id: string,
  signal?: AbortSignal,
): AsyncGenerator<ObservedContainer> {
  const wake = new DirectoryWaker([paths.container(id), paths.containerRun(id)], signal);
  let shown: string | undefined;
  try {
    while (!signal?.aborted) {
      const record = readContainerRecord(paths, id);
      if (record === undefined) return;
      const now = describeObserved(record, readContainerStatus(paths, id));
      const text = JSON.stringify(now);
      if (text !== shown) yield now;
      shown = text;
      await wake.next();
    }
  } finally {
    wake.close();
  }
}

/** Resolves `next` once per change below any of the directories since the last time. */
class DirectoryWaker {
  readonly #watchers: FSWatcher[] = [];
  readonly #signal: AbortSignal | undefined;
  #changed = false;
  #wake: (() => void) | undefined;
  readonly #notice = () => {
    this.#changed = true;
    this.#wake?.();
  };

  constructor(directories: readonly string[], signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.addEventListener('abort', this.#notice, { once: true });
    for (const directory of directories) {
      try {
        const watcher = watch(directory, this.#notice);
        watcher.on('error', this.#notice);
        this.#watchers.push(watcher);
      } catch {
        // Gone: the next look at the record says so.
        this.#changed = true;
      }
    }
  }

  async next(): Promise<void> {
    if (!this.#changed) {
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
