// A tree of files that a build reads from: a context, or the layers of a stage. Paths are relative to its root, without
// a leading slash, `` for the root itself; nothing outside the root can be reached by them.

export type EntryType = 'file' | 'directory' | 'symlink' | 'fifo' | 'character' | 'block' | 'socket';

export interface TreeEntry {
  readonly path: string;
  readonly type: EntryType;
  /** Permission bits, set-id and sticky included. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes. */
  readonly size: number;
  /** Seconds since the epoch, with fractions. */
  readonly mtime: number;
  /** Equal for the names of one file; absent if it has one name. */
  readonly inode?: string;
  /** Of a file of a context: another one after every change. Absent: nobody can tell. */
  readonly stamp?: string;
  /** Of a symlink. */
  readonly target?: string;
  /** Of a device. */
  readonly device?: { readonly major: number; readonly minor: number };
}

export interface Tree {
  /** Says of itself what it is, for messages: `the build context`, `stage "base"`. */
  readonly name: string;
  /** Absolute: of a context, which is there for the next build too. */
  readonly directory?: string;
  /** No component of `path` is followed if it is a symlink. Undefined: there is none. */
  find(path: string): Promise<TreeEntry | undefined>;
  /** Names in a directory, in the order of their bytes. */
  list(path: string): Promise<readonly string[]>;
  /** The content of a file. */
  read(entry: TreeEntry): AsyncIterable<Uint8Array>;
  /** `security.capability` and `user.*`. */
  attributes(entry: TreeEntry): readonly ExtendedAttribute[];
}

export interface ExtendedAttribute {
  readonly name: string;
  readonly value: Uint8Array;
}
