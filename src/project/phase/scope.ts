// What one set of files is loaded with: the project's own files, or those of one include.

import type { Diagnostics } from '../diagnostic/diagnostics.ts';
import type { FileReader } from '../file-reader.ts';
import type { Environment } from '../text/environment.ts';
import type { Place } from '../text/source-text.ts';
import type { Mapping } from '../text/tree.ts';
import type { Trace } from './trace.ts';

/** The same for the whole load. */
export interface LoadRun {
  readonly reader: FileReader;
  readonly diagnostics: Diagnostics;
  readonly interpolation: boolean;
  readonly trace?: Trace;
  /** Home directory for `~`. */
  readonly home: string | undefined;
  /** Remote files that are not here, and where they were named first. */
  readonly needed: Map<string, Place>;
  /** Extended files by path and environment, ready to copy services from. */
  readonly extended: Map<string, Mapping | undefined>;
}

export interface Scope {
  readonly run: LoadRun;
  /** Absolute; relative names of other files start here. */
  readonly directory: string;
  /** What relative paths in values become relative to: usually `directory`; undefined leaves them alone. */
  readonly pathBase: string | undefined;
  readonly environment: Environment;
  /** The files on the way here from the project's own, with the place of each include. */
  readonly chain: readonly { readonly file: string; readonly at: Place }[];
}
