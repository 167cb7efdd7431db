// What `app` may ask of files of this host that are watched.

import type { TcError } from '../../base/error.ts';
import type { SourceChange } from '../../plan/watch-batch.ts';
import type { WatchedContext } from '../../plan/watch-rules.ts';

export interface WatchedSource {
  /** Absolute, without links in it: a directory or a file. It may not be there yet. */
  readonly path: string;
  /** Patterns of .dockerignore, relative to `path`. */
  readonly ignore: readonly string[];
  /** Empty: everything. */
  readonly include: readonly string[];
  /** Absolute paths that are left alone with all that is below them. */
  readonly except: readonly string[];
  /** The build context whose ignore file counts, too. */
  readonly context?: WatchedContext;
}

export interface SourcePort {
  /** Fails if the host's limits do not allow it. Changes count from here on. */
  watch(sources: readonly WatchedSource[]): Promise<SourceWatch>;
  /** The tar of files of this host as they are at this moment, under other names. What is gone by then is left out. */
  pack(files: readonly PackedSource[]): AsyncIterable<Uint8Array>;
}

export interface PackedSource {
  /** Absolute, without links in it. */
  readonly path: string;
  readonly name: string;
}

export interface SourceWatch {
  /** Everything that there is now of one source, as if it had just been made. */
  list(source: number): readonly SourceChange[];
  /** What has changed, each path once, as soon as nothing more changes for a moment. Undefined: the signal has fired. */
  next(signal: AbortSignal): Promise<SourceBatch | undefined>;
  /** `next` resolves at once, with whatever has changed. */
  wake(): void;
  close(): void;
}

export interface SourceBatch {
  readonly changes: readonly SourceChange[];
  /** What cannot be watched from now on. */
  readonly problems: readonly TcError[];
}
