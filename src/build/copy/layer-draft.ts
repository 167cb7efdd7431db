// A layer in the making over the tree that it will cover: what is put into it is seen by what comes after.

import { posix } from 'node:path';
import { TcError } from '../../base/error.ts';
import { resolvePath } from '../tree/resolve-path.ts';
import type { Tree, TreeEntry } from '../tree/tree.ts';
import type { LayerEntry } from './layer-entry.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface NewDirectory extends Owner {
  readonly mode: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
}

export class LayerDraft {
  /** Of the whole: for messages. */
  readonly name: string;
  readonly #entries = new Map<string, LayerEntry>();
  readonly #below: Pick<Tree, 'find'>;
  /** What took the place of something else: of that nothing is seen any more. */
  readonly #replacing = new Set<string>();
  #copies = 0;

  constructor(name: string, below: Pick<Tree, 'find'>) {
    this.name = name;
    this.#below = below;
  }

  /** What is there by now. */
  async find(path: string): Promise<TreeEntry | undefined> {
    const own = this.#entries.get(path);
    if (own === undefined) return this.#isHidden(path) ? undefined : this.#below.find(path);
    const { type, mode, uid, gid, mtime, target } = own;
    return { path, type, mode, uid, gid, size: 0, mtime, ...(target === undefined ? {} : { target }) };
  }

  #isHidden(path: string): boolean {
    if (this.#replacing.size === 0) return false;
    return listPrefixes(path).some((prefix) => this.#replacing.has(prefix));
  }

  /** A number for what one source gives. */
  nextCopy(): number {
    this.#copies += 1;
    return this.#copies;
  }

  /** Sorted: parents before children, the same order every time. */
  list(): LayerEntry[] {
    return [...this.#entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** The directory that a path leads to, symlinks followed, all that is missing of it made. */
  async makeDirectory(path: string, made: NewDirectory): Promise<string> {
    const { path: resolved } = await resolvePath(this, path, { followLast: true });
    for (const prefix of listPrefixes(resolved)) {
      const entry = await this.find(prefix);
      if (entry === undefined) this.#entries.set(prefix, { path: prefix, type: 'directory', ...made });
      else if (entry.type !== 'directory') throw notADirectory(prefix);
    }
    return resolved;
  }

  /** Its parent is there. A file takes the place of one, never that of a directory. */
  async put(entry: LayerEntry): Promise<void> {
    const there = await this.find(entry.path);
    if (entry.type === 'directory') {
      if (there !== undefined && there.type !== 'directory') throw notADirectory(entry.path);
    } else if (there?.type === 'directory') {
      throw new TcError(`/${entry.path} is a directory, and a file cannot take its place`, {
        code: 'build-destination',
      });
    }
    this.#entries.set(entry.path, entry);
  }

  /** Its parent is there. It takes the place of whatever is in its way. */
  async replace(entry: LayerEntry): Promise<void> {
    const there = await this.find(entry.path);
    const isOfOneKind = (entry.type === 'directory') === (there?.type === 'directory');
    if (there !== undefined && !isOfOneKind) {
      this.#replacing.add(entry.path);
      const prefix = `${entry.path}/`;
      for (const path of this.#entries.keys()) if (path.startsWith(prefix)) this.#entries.delete(path);
    }
    this.#entries.set(entry.path, entry);
  }

  async makeParent(path: string, made: NewDirectory): Promise<void> {
    const parent = posix.dirname(path);
    if (parent !== '.') await this.makeDirectory(parent, made);
  }
}

/** `a/b/c` -> `a`, `a/b`, `a/b/c`. */
function listPrefixes(path: string): string[] {
  if (path === '') return [];
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function notADirectory(path: string): TcError {
  return new TcError(`/${path} is not a directory`, { code: 'build-destination' });
}
