// Digests of files, so that what several steps copy is read once, and of a context also what several builds copy. A file
// of a context is known again by its stamp, as Git knows the files of its index: device, inode, size and both times.

import { isLasting } from '../tree/file-stamp.ts';
import type { Tree, TreeEntry } from '../tree/tree.ts';

export interface KnownFile {
  /** TreeEntry.stamp. */
  readonly stamp: string;
  /** Hex. */
  readonly digest: string;
}

/** By paths in a directory, which is named by its absolute path. */
export interface DigestShelf {
  /** Empty: nothing is known of it. */
  read(directory: string): ReadonlyMap<string, KnownFile>;
  write(directory: string, files: ReadonlyMap<string, KnownFile>): void;
}

interface Digests {
  readonly files: Map<string, KnownFile>;
  /** Paths that were asked for. */
  readonly asked: Set<string>;
  /** They show one directory, each without what it ignores. */
  readonly trees: Set<Tree>;
  isChanged: boolean;
}

export class DigestMemory {
  /**
   * By the directory, or else by the tree itself: stages of several builds, or of one for several platforms, have the same
   * name, and files of the same size that were written in the same instant.
   */
  readonly #known = new Map<string | Tree, Digests>();
  readonly #shelf: DigestShelf | undefined;

  /** Without a shelf nothing is known at the beginning, and nothing is kept. */
  constructor(shelf?: DigestShelf) {
    this.#shelf = shelf;
  }

  find(tree: Tree, entry: TreeEntry): string | undefined {
    const { files, asked } = this.#of(tree);
    asked.add(entry.path);
    const known = files.get(entry.path);
    return known?.stamp === stampOf(entry) ? known.digest : undefined;
  }

  add(tree: Tree, entry: TreeEntry, digest: string): void {
    const digests = this.#of(tree);
    digests.files.set(entry.path, { stamp: stampOf(entry), digest });
    if (entry.stamp !== undefined) digests.isChanged = true;
  }

  #of(tree: Tree): Digests {
    const { directory } = tree;
    const known = this.#known.get(directory ?? tree);
    if (known) {
      known.trees.add(tree);
      return known;
    }
    const files = directory === undefined ? [] : (this.#shelf?.read(directory) ?? []);
    const opened = {
      files: new Map(files),
      asked: new Set<string>(),
      trees: new Set([tree]),
      isChanged: false,
    };
    this.#known.set(directory ?? tree, opened);
    return opened;
  }

  /** For the next build. */
  async keep(): Promise<void> {
    for (const [directory, digests] of this.#known) {
      if (typeof directory !== 'string' || !digests.isChanged) continue;
      this.#shelf?.write(directory, await selectLasting(digests));
    }
  }
}

/** What nobody asked for may be another build's; what is not there any more is nobody's. */
async function selectLasting({ files, asked, trees }: Digests): Promise<Map<string, KnownFile>> {
  const selected = new Map<string, KnownFile>();
  for (const [path, known] of files) {
    if (!isLasting(known.stamp)) continue;
    // One that cannot be looked at is not worth keeping, and no failure of the build.
    const isThere = async (tree: Tree) =>
      (await tree.find(path).catch(() => undefined))?.stamp === known.stamp;
    if (asked.has(path) || (await some(trees, isThere))) selected.set(path, known);
  }
  return selected;
}

async function some(trees: Iterable<Tree>, matches: (tree: Tree) => Promise<boolean>): Promise<boolean> {
  for (const tree of trees) if (await matches(tree)) return true;
  return false;
}

/** Without a stamp: while the command lasts. */
function stampOf({ stamp, size, mtime }: TreeEntry): string {
  return stamp ?? `${size} ${mtime}`;
}
