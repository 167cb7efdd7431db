// What a step puts into its layer, before it is an archive.

import type { Tree, TreeEntry } from '../tree/tree.ts';

export interface LayerSource {
  readonly tree: Tree;
  readonly entry: TreeEntry;
  /** Of several names of a file those are links that were copied at once. */
  readonly copy: number;
}

export interface LayerEntry {
  /** Relative to the root of the layer, no symlink in its parents. */
  readonly path: string;
  readonly type: TreeEntry['type'];
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  /** Of a symlink. */
  readonly target?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  /** Where its content, its attributes and its other names are. */
  readonly source?: LayerSource;
}
