import { describe, expect, it } from 'vitest';
import { DigestMemory, type DigestShelf, type KnownFile } from '../../../src/build/copy/digest-memory.ts';
import { stampFile } from '../../../src/build/tree/file-stamp.ts';
import type { Tree, TreeEntry } from '../../../src/build/tree/tree.ts';

const second = 1_000_000_000n;
const changed = 1_700_000_000n * second + 5n;
const state = { dev: 1n, ino: 2n, size: 3n, mtimeNs: changed, ctimeNs: changed };
const later = Number(changed / 1_000_000n) + 10_000;

describe('the stamp of a file', () => {
  it.each(['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs'] as const)('changes with %s', (key) => {
    const stamp = stampFile(state, later);
    expect(stamp).toBeDefined();
    expect(stampFile({ ...state, [key]: state[key] + 1n }, later)).not.toBe(stamp);
  });

  it.each([
    ['that has just changed', changed, 49, 51],
    ['whose times are whole seconds', changed - 5n, 2999, 3001],
  ])('is none of one %s', (_, ctimeNs, young, old) => {
    const at = Number(ctimeNs / 1_000_000n);
    expect(stampFile({ ...state, ctimeNs }, at + young)).toBeUndefined();
    expect(stampFile({ ...state, ctimeNs }, at + old)).toBeDefined();
  });

  it('is none of one that changes in the future', () => {
    expect(stampFile(state, later - 20_000)).toBeUndefined();
  });
});

class Shelf implements DigestShelf {
  readonly directories = new Map<string, ReadonlyMap<string, KnownFile>>();
  writes = 0;

  read(directory: string) {
    return this.directories.get(directory) ?? new Map();
  }

  write(directory: string, files: ReadonlyMap<string, KnownFile>) {
    this.writes += 1;
    this.directories.set(directory, files);
  }
}

function fileOf(path: string, stamp?: string): TreeEntry {
  const entry = { path, type: 'file' as const, mode: 0o644, uid: 0, gid: 0, size: 1, mtime: 1 };
  return stamp === undefined ? entry : { ...entry, stamp };
}

function treeOf(files: readonly TreeEntry[], directory?: string): Tree {
  return {
    name: 'x',
    ...(directory !== undefined && { directory }),
    find: async (path) => files.find((file) => file.path === path),
    list: async () => files.map(({ path }) => path),
    read: () => {
      throw new Error('nobody reads');
    },
    attributes: () => [],
  };
}

describe('digests of files', () => {
  const [a, b] = [fileOf('a', 'file 1'), fileOf('b', 'file 2')];

  it('are known to the next build', async () => {
    const shelf = new Shelf();
    const first = new DigestMemory(shelf);
    const tree = treeOf([a], '/context');
    expect(first.find(tree, a)).toBeUndefined();
    first.add(tree, a, 'aa');
    await first.keep();
    const second = new DigestMemory(shelf);
    expect(second.find(treeOf([a], '/context'), a)).toBe('aa');
    expect(second.find(treeOf([a], '/other'), a)).toBeUndefined();
    expect(second.find(treeOf([a], '/context'), fileOf('a', 'file 9'))).toBeUndefined();
    await second.keep();
    expect(shelf.writes).toBe(1);
  });

  it('are shared by trees of one directory, and by no others', () => {
    const memory = new DigestMemory();
    memory.add(treeOf([a], '/context'), a, 'aa');
    expect(memory.find(treeOf([a], '/context'), a)).toBe('aa');
    const stage = treeOf([a]);
    memory.add(stage, a, 'stage');
    expect(memory.find(stage, a)).toBe('stage');
    expect(memory.find(treeOf([a]), a)).toBeUndefined();
  });

  it('are kept of files that another build asks for, and not of those that have gone or have no stamp', async () => {
    const shelf = new Shelf();
    const known = (stamp: string) => ({ stamp, digest: 'old' });
    shelf.write(
      '/context',
      new Map([
        ['a', known('file 1')],
        ['b', known('file 2')],
        ['gone', known('file 3')],
        ['changed', known('file 4')],
      ]),
    );
    const memory = new DigestMemory(shelf);
    const fresh = fileOf('fresh');
    const tree = treeOf([a, b, fresh, fileOf('changed', 'file 5')], '/context');
    const c = fileOf('c', 'file 6');
    const find = tree.find;
    tree.find = async (path) => {
      if (path === 'changed') throw new Error('EACCES');
      return find(path);
    };
    memory.find(tree, a);
    for (const file of [c, fresh]) {
      memory.find(tree, file);
      memory.add(tree, file, 'new');
    }
    await memory.keep();
    expect([...shelf.read('/context').keys()].sort()).toEqual(['a', 'b', 'c']);
  });
});
