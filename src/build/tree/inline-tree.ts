// Files whose content is at hand: here-documents, and what was downloaded.

import type { Tree, TreeEntry } from './tree.ts';

export interface InlineFile {
  readonly name: string;
  readonly content: string;
  readonly mode: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
}

export function inlineTree(files: readonly InlineFile[]): Tree {
  const entryOf = ({ name, content, mode, mtime }: InlineFile): TreeEntry => ({
    path: name,
    type: 'file',
    mode,
    uid: 0,
    gid: 0,
    size: Buffer.byteLength(content),
    mtime,
  });
  const root: TreeEntry = { path: '', type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtime: 0 };
  return {
    name: 'the Dockerfile',
    async find(path) {
      const file = files.find(({ name }) => name === path);
      if (file) return entryOf(file);
      return path === '' ? root : undefined;
    },
    list: async () => files.map(({ name }) => name).sort(),
    async *read({ path }) {
      const file = files.find(({ name }) => name === path);
      if (file) yield Buffer.from(file.content);
    },
    attributes: () => [],
  };
}

/** Nothing at all: what a layer of a scratch image covers. */
export const emptyTree: Tree = { ...inlineTree([]), name: 'scratch' };
