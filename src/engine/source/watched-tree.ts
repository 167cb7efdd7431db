// One watched path: what was there when it was last looked at, and a watch of inotify on each of its directories. Events
// only say where to look; what counts is how things differ from what is known. So an event that was lost, merged or doubled
// does no harm, and what a change leads to (a build that reads, a tool that touches nothing) is no change.

import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { posix } from 'node:path';
import { TcError } from '../../base/error.ts';
import { errnoOf } from '../../base/system-error.ts';
import type { SourceKind } from '../../plan/watch-batch.ts';
import { type RootEvent, RootWatch } from './root-watch.ts';
import type { SourceFilter } from './source-filter.ts';
import { observeSource, type SourceState } from './source-state.ts';
import { describeWatchFailure } from './watch-failure.ts';

export interface TreeChange {
  /** Relative; empty: the watched path itself. */
  readonly path: string;
  readonly kind?: SourceKind;
  readonly was?: SourceKind;
}

export interface Collected {
  readonly changes: TreeChange[];
  readonly problems: TcError[];
}

interface Directory {
  /** Absent: it could not be watched. */
  readonly watcher: FSWatcher | undefined;
  readonly entries: Map<string, SourceState>;
}

const gone = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

export class WatchedTree {
  readonly #path: string;
  readonly #filter: SourceFilter;
  readonly #onEvent: () => void;
  readonly #root: RootWatch;
  readonly #directories = new Map<string, Directory>();
  /** Directory -> names that something happened to; true: the name may stand for something else than before. */
  #dirty = new Map<string, Map<string, boolean>>();
  #known: SourceState | undefined;
  /** Found already, to be told with the next changes. */
  #early: Collected = { changes: [], problems: [] };

  constructor(path: string, filter: SourceFilter, onEvent: () => void) {
    this.#path = path;
    this.#filter = filter;
    this.#onEvent = onEvent;
    this.#root = new RootWatch(path, () => this.#noteRoot());
  }

  get watched(): number {
    return this.#directories.size;
  }

  /** Looks at everything. What is found is no change. Throws if the host's limits do not allow to watch it. */
  open(): void {
    this.#root.open();
    const { problems } = this.collect('everything');
    const limit = problems.find(({ code }) => code === 'watch-limit');
    if (limit) throw limit;
    this.#early = { changes: [], problems };
  }

  /** What differs from what was known; `everything`: wherever it is, since events may have been lost. */
  collect(where: 'events' | 'everything'): Collected {
    const collected = this.#early;
    this.#early = { changes: [], problems: [] };
    const dirty = this.#dirty;
    this.#dirty = new Map();
    const rootEvent = this.#takeRootEvent(collected);
    if (where === 'everything' || rootEvent !== undefined) {
      this.#lookAtRoot(where === 'everything' || rootEvent === 'renamed', collected);
    }
    for (const [directory, names] of dirty) {
      for (const [name, isRenamed] of names) {
        // A directory that has gone since has been told as a whole.
        if (!this.#directories.has(directory)) break;
        this.#lookAt(directory, name, isRenamed, collected);
      }
    }
    return { changes: mergeChanges(collected.changes), problems: collected.problems };
  }

  /** All that counts, outermost first. */
  list(): TreeChange[] {
    if (this.#known !== undefined && this.#known.kind !== 'directory') {
      return [{ path: '', kind: this.#known.kind }];
    }
    const all = [...this.#directories].flatMap(([directory, { entries }]) =>
      [...entries].map(([name, { kind }]) => ({ path: posix.join(directory, name), kind })),
    );
    return all.filter(({ path }) => this.#filter.matches(path));
  }

  close(): void {
    this.#root.close();
    for (const { watcher } of this.#directories.values()) watcher?.close();
    this.#directories.clear();
  }

  /** As long as it is missing, nothing else tells of what is written in it once it comes. */
  #noteRoot(): void {
    if (this.#known === undefined && this.#takeRootEvent(this.#early)) this.#lookAtRoot(true, this.#early);
    this.#onEvent();
  }

  #takeRootEvent({ problems }: Collected): RootEvent | undefined {
    try {
      return this.#root.take();
    } catch (error) {
      if (!(error instanceof TcError)) throw error;
      problems.push(error);
      return 'renamed';
    }
  }

  #lookAtRoot(isRenamed: boolean, collected: Collected): void {
    const before = this.#known;
    const now = observeSource(this.#path);
    if (now === 'unknown') return;
    this.#known = now;
    if (before?.kind === 'directory' && now?.kind !== 'directory') this.#forget('', collected);
    if (now?.kind === 'directory') {
      if (isRenamed || before?.kind !== 'directory') this.#enter('', collected);
      return;
    }
    if (before?.mark !== now?.mark) collected.changes.push(describeChange('', now, before));
  }

  #lookAt(directory: string, name: string, isRenamed: boolean, collected: Collected): void {
    const entries = this.#directories.get(directory)?.entries;
    if (entries === undefined) return;
    const path = posix.join(directory, name);
    const before = entries.get(name);
    const now = this.#observe(path);
    if (now === 'unknown') return;
    if (now === undefined) entries.delete(name);
    else entries.set(name, now);
    if (before?.kind === 'directory' && now?.kind !== 'directory') this.#forget(path, collected);
    if (before?.mark !== now?.mark || before?.kind !== now?.kind) this.#tell(path, now, before, collected);
    if (now?.kind === 'directory' && (isRenamed || before?.kind !== 'directory'))
      this.#enter(path, collected);
  }

  /** What does not count is nothing; a directory counts as long as something in it may. */
  #observe(path: string): ReturnType<typeof observeSource> {
    const state = observeSource(posix.join(this.#path, path));
    if (state === undefined || state === 'unknown') return state;
    const counts = state.kind === 'directory' ? !this.#filter.prunes(path) : this.#filter.matches(path);
    return counts ? state : undefined;
  }

  /** Watches a directory anew, then compares all that is in it: what happens after that is an event. */
  #enter(path: string, collected: Collected): void {
    const before = this.#directories.get(path);
    before?.watcher?.close();
    const watcher = this.#watch(path, collected);
    if (watcher === 'gone') {
      this.#forget(path, collected);
      return;
    }
    const entries = before?.entries ?? new Map<string, SourceState>();
    this.#directories.set(path, { watcher, entries });
    const names = this.#readNames(path);
    if (names === 'unknown') return;
    for (const name of entries.keys()) if (!names.has(name)) this.#lookAt(path, name, true, collected);
    for (const name of names) this.#lookAt(path, name, true, collected);
  }

  #readNames(path: string): ReadonlySet<string> | 'unknown' {
    try {
      return new Set(readdirSync(posix.join(this.#path, path)));
    } catch (error) {
      return gone.has(errnoOf(error) ?? '') ? new Set() : 'unknown';
    }
  }

  /** Undefined: it cannot be watched, which is a problem. */
  #watch(path: string, { problems }: Collected): FSWatcher | 'gone' | undefined {
    const absolute = posix.join(this.#path, path);
    try {
      const watcher = watch(absolute, (event, name) => this.#note(path, name, event === 'rename'));
      watcher.on('error', () => this.#note(path, null, true));
      return watcher;
    } catch (error) {
      if (gone.has(errnoOf(error) ?? '')) return 'gone';
      problems.push(describeWatchFailure(error, absolute, this.#directories.size));
      return undefined;
    }
  }

  #note(directory: string, name: string | null, isRenamed: boolean): void {
    if (isRenamed && name !== null && this.#isNewDirectory(directory, name)) {
      // Watched at once: somebody is writing into it, and things are not quiet before that is over.
      this.#lookAt(directory, name, true, this.#early);
      this.#onEvent();
      return;
    }
    const names = this.#dirty.get(directory) ?? new Map<string, boolean>();
    this.#dirty.set(directory, names);
    const known = this.#directories.get(directory)?.entries.keys() ?? [];
    for (const each of name === null ? known : [name]) names.set(each, isRenamed || names.get(each) === true);
    this.#onEvent();
  }

  #isNewDirectory(directory: string, name: string): boolean {
    const entries = this.#directories.get(directory)?.entries;
    if (entries === undefined || entries.has(name)) return false;
    const state = this.#observe(posix.join(directory, name));
    return state !== undefined && state !== 'unknown' && state.kind === 'directory';
  }

  /** A directory is gone, and all that was in it. */
  #forget(path: string, collected: Collected): void {
    const directory = this.#directories.get(path);
    if (directory === undefined) return;
    directory.watcher?.close();
    this.#directories.delete(path);
    for (const [name, state] of directory.entries) {
      const member = posix.join(path, name);
      if (state.kind === 'directory') this.#forget(member, collected);
      this.#tell(member, undefined, state, collected);
    }
  }

  #tell(
    path: string,
    now: SourceState | undefined,
    before: SourceState | undefined,
    { changes }: Collected,
  ): void {
    if (this.#filter.matches(path)) changes.push(describeChange(path, now, before));
  }
}

/** One for each path: from what it was at first to what it is at last. */
function mergeChanges(changes: readonly TreeChange[]): TreeChange[] {
  const merged = new Map<string, TreeChange>();
  for (const { path, kind, was } of changes) {
    const first = merged.get(path);
    const before = first === undefined ? was : first.was;
    merged.set(path, { path, ...(kind && { kind }), ...(before && { was: before }) });
  }
  // What came and went within the batch is nothing.
  return [...merged.values()].filter(({ kind, was }) => kind !== undefined || was !== undefined);
}

function describeChange(
  path: string,
  now: SourceState | undefined,
  before: SourceState | undefined,
): TreeChange {
  return { path, ...(now && { kind: now.kind }), ...(before && { was: before.kind }) };
}
