// Several watched paths as one: their changes, gathered until things are quiet.

import { readFileSync } from 'node:fs';
import { TcError } from '../../base/error.ts';
import { unless } from '../../base/system-error.ts';
import { listIgnoreFiles, parseIgnoreFile } from '../../build/pattern/ignore-file.ts';
import type { PatternList } from '../../build/pattern/pattern-list.ts';
import type { SourceChange } from '../../plan/watch-batch.ts';
import type { WatchedContext } from '../../plan/watch-rules.ts';
import { createFilter, type SourceFilter } from './source-filter.ts';
import type { SourceBatch, SourceWatch, WatchedSource } from './source-port.ts';
import { WatchedTree } from './watched-tree.ts';

/**
 * What one save or one checkout writes comes within few milliseconds, a formatter's second write within some hundred;
 * above 300 ms a person waits. Docker Compose takes 500 ms.
 */
const quietMs = 200;
/** Something that never stops writing does not hold up the rest for ever. */
const longestMs = 2000;
/** Where the kernel does not tell: its own default. */
const usualQueue = 16_384;

/** `except`: absolute paths that no source has. */
export function watchSources(sources: readonly WatchedSource[], except: readonly string[]): SourceWatch {
  const watching = new WatchedSources(sources, except);
  try {
    watching.open();
  } catch (error) {
    watching.close();
    throw error;
  }
  return watching;
}

class WatchedSources implements SourceWatch {
  /** Sources that see the same share a tree. */
  readonly #trees = new Map<string, { readonly tree: WatchedTree; readonly sources: number[] }>();
  /** So many events in one batch: the kernel's queue may have been full, and what came then is lost without a word. */
  readonly #suspicious = Math.floor(readQueueLength() / 4);
  #events = 0;
  /** Of the events that are not collected yet, by the monotonic clock. */
  #first = 0;
  #last = 0;
  #timer: NodeJS.Timeout | undefined;
  #isReady = false;
  #isWoken = false;
  #wake: (() => void) | undefined;

  constructor(sources: readonly WatchedSource[], except: readonly string[]) {
    for (const [index, source] of sources.entries()) {
      const key = JSON.stringify([source.path, source.ignore, source.include, source.except, source.context]);
      const known = this.#trees.get(key);
      if (known) {
        known.sources.push(index);
        continue;
      }
      const filter = makeFilter({ ...source, except: [...source.except, ...except] });
      this.#trees.set(key, { tree: new WatchedTree(source.path, filter, this.#note), sources: [index] });
    }
  }

  open(): void {
    for (const { tree } of this.#trees.values()) tree.open();
  }

  list(source: number): readonly SourceChange[] {
    const found = [...this.#trees.values()].find(({ sources }) => sources.includes(source));
    return (found?.tree.list() ?? []).map((change) => ({ rule: source, ...change }));
  }

  async next(signal: AbortSignal): Promise<SourceBatch | undefined> {
    signal.addEventListener('abort', this.#rouse);
    try {
      while (!signal.aborted) {
        if (!this.#isReady) await this.#sleep();
        if (signal.aborted || !this.#isReady) continue;
        const batch = this.#collect();
        const isWoken = this.#isWoken;
        this.#isWoken = false;
        // What is as it was before is no change.
        if (isWoken || batch.changes.length > 0 || batch.problems.length > 0) return batch;
      }
      return undefined;
    } finally {
      signal.removeEventListener('abort', this.#rouse);
    }
  }

  wake(): void {
    this.#isWoken = true;
    this.#isReady = true;
    this.#rouse();
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const { tree } of this.#trees.values()) tree.close();
  }

  #collect(): SourceBatch {
    const where = this.#events >= this.#suspicious ? 'everything' : 'events';
    this.#events = 0;
    this.#isReady = false;
    const collected = [...this.#trees.values()].map(({ tree, sources }) => {
      const { changes, problems } = tree.collect(where);
      return {
        changes: sources.flatMap((rule) => changes.map((change) => ({ rule, ...change }))),
        problems,
      };
    });
    return {
      changes: collected.flatMap(({ changes }) => changes),
      problems: collected.flatMap(({ problems }) => problems),
    };
  }

  #sleep(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  readonly #note = (): void => {
    this.#last = performance.now();
    if (this.#events === 0) this.#first = this.#last;
    this.#events += 1;
    if (!this.#isReady) this.#timer ??= setTimeout(this.#consider, quietMs);
  };

  readonly #consider = (): void => {
    const now = performance.now();
    const left = Math.min(this.#last + quietMs, this.#first + longestMs) - now;
    this.#timer = left > 0 ? setTimeout(this.#consider, left) : undefined;
    if (left > 0) return;
    this.#isReady = true;
    this.#rouse();
  };

  readonly #rouse = (): void => {
    this.#wake?.();
    this.#wake = undefined;
  };
}

function readQueueLength(): number {
  const text = unless(['ENOENT', 'EACCES'], () =>
    readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'),
  );
  return Number(text) || usualQueue;
}

function makeFilter(source: WatchedSource): SourceFilter {
  const { context, path } = source;
  const ignored = context && readIgnored(context);
  try {
    return createFilter({
      ...source,
      context: context && ignored && { ...context, ignored },
    });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new TcError(`the rule that watches ${path} has a pattern that is none: ${error.message}`, {
      code: 'watch-rule',
      hints: ['patterns of `ignore` and `include` are those of .dockerignore'],
    });
  }
}

/** The same file that a build of the context goes by. */
function readIgnored({ dockerfile, directory }: WatchedContext): PatternList | undefined {
  const candidates = listIgnoreFiles(directory, dockerfile ?? '');
  for (const file of dockerfile === undefined ? candidates.slice(1) : candidates) {
    const text = unless(['ENOENT', 'ENOTDIR'], () => readFileSync(file, 'utf8'));
    if (text !== undefined) return parseIgnoreFile(file, text);
  }
  return undefined;
}
