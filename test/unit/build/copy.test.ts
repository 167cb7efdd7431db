import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseChmod } from '../../../src/build/copy/chmod.ts';
import { DigestMemory } from '../../../src/build/copy/digest-memory.ts';
import { archiveEntries, digestEntries } from '../../../src/build/copy/layer-archive.ts';
import { LayerDraft } from '../../../src/build/copy/layer-draft.ts';
import type { LayerEntry } from '../../../src/build/copy/layer-entry.ts';
import { resolveOwner } from '../../../src/build/copy/owner.ts';
import { planCopy } from '../../../src/build/copy/plan-copy.ts';
import { parseIgnoreFile } from '../../../src/build/pattern/ignore-file.ts';
import { FilteredTree } from '../../../src/build/tree/filtered-tree.ts';
import { emptyTree } from '../../../src/build/tree/inline-tree.ts';
import { resolvePath } from '../../../src/build/tree/resolve-path.ts';
import type { Tree, TreeEntry } from '../../../src/build/tree/tree.ts';
import { readMember, scanTar } from '../../../src/image/archive/tar-scan.ts';

/** Path -> content; `->` for a symlink; a slash at the end for a directory. */
function memoryTree(files: Record<string, string>, listed: string[] = []): Tree {
  const entries = new Map<string, TreeEntry>();
  const common = { uid: 0, gid: 0, mtime: 1_000_000_000 };
  const directory = (path: string): void => {
    entries.set(path, { path, type: 'directory', mode: 0o755, size: 0, ...common });
  };
  directory('');
  for (const [name, content] of Object.entries(files)) {
    const path = name.replace(/\/$/, '');
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth++) directory(parts.slice(0, depth).join('/'));
    if (name.endsWith('/')) directory(path);
    else if (content.startsWith('->'))
      entries.set(path, { path, type: 'symlink', mode: 0o777, size: 0, target: content.slice(2), ...common });
    else entries.set(path, { path, type: 'file', mode: 0o644, size: content.length, ...common });
  }
  return {
    name: 'memory',
    find: async (path) => entries.get(path),
    list: async (path) => {
      listed.push(path);
      const prefix = path === '' ? '' : `${path}/`;
      const below = [...entries.keys()].filter((key) => key !== '' && key.startsWith(prefix));
      return [...new Set(below.map((key) => key.slice(prefix.length).split('/')[0] ?? ''))].sort();
    },
    async *read({ path }) {
      yield Buffer.from(files[path] ?? '');
    },
    attributes: () => [],
  };
}

describe('paths in a tree', () => {
  const tree = memoryTree({
    'a/b/c': '1',
    up: '->../../a/b',
    abs: '->/a',
    loop: '->loop',
    gone: '->nowhere/x',
    chain: '->abs/b',
  });

  it.each([
    ['a/b/c', 'a/b/c'],
    ['/a/./b//c', 'a/b/c'],
    ['../../a', 'a'],
    ['a/b/../b/c', 'a/b/c'],
    ['abs/b/c', 'a/b/c'],
    ['up/c', 'a/b/c'],
    ['chain/c', 'a/b/c'],
    ['abs/new/file', 'a/new/file'],
    ['gone', 'nowhere/x'],
  ])('%s leads to %s', async (path, expected) => {
    expect((await resolvePath(tree, path, { followLast: true })).path).toBe(expected);
  });

  it('leave the last link alone if it is not to be followed', async () => {
    expect((await resolvePath(tree, 'abs', { followLast: false })).entry?.type).toBe('symlink');
  });

  it('that lead in a circle are refused', async () => {
    await expect(resolvePath(tree, 'loop/x', { followLast: true })).rejects.toThrow(
      'too many symbolic links',
    );
  });
});

describe('an ignored directory', () => {
  it('is not looked into', async () => {
    const listed: string[] = [];
    const files = Object.fromEntries(
      Array.from({ length: 1000 }, (_, n) => [`node_modules/p${n}/index.js`, 'x']),
    );
    const tree = memoryTree({ ...files, 'src/a': '1' }, listed);
    const filtered = new FilteredTree(tree, parseIgnoreFile('/x', 'node_modules\n!src\n'));
    expect(await entriesOf(filtered, '.', '/')).toEqual(['src', 'src/a']);
    expect(listed).toEqual(['', 'src']);
  });
});

async function draftOf(tree: Tree, source: string, destination: string, options = {}): Promise<LayerEntry[]> {
  const draft = new LayerDraft('x', emptyTree);
  await planCopy({ draft, tree, source, destination, exclude: [], parents: false, now: 5, ...options });
  return draft.list();
}

async function entriesOf(tree: Tree, source: string, destination: string): Promise<string[]> {
  return (await draftOf(tree, source, destination)).map(({ path }) => path);
}

describe('the key of what is copied', () => {
  const digest = async (files: Record<string, string>, options = {}, change: Partial<TreeEntry> = {}) => {
    const tree = memoryTree(files);
    const changed: Tree = {
      ...tree,
      find: async (path) => {
        const entry = await tree.find(path);
        return entry?.type === 'file' ? { ...entry, ...change } : entry;
      },
    };
    return digestEntries(await draftOf(changed, '.', '/d/', options), new DigestMemory());
  };

  it('is the same for the same files, whatever their times', async () => {
    const one = await digest({ a: '1', 'd/b': '2' });
    expect(await digest({ 'd/b': '2', a: '1' })).toBe(one);
    expect(await digest({ a: '1', 'd/b': '2' }, { now: 99 }, { mtime: 7 })).toBe(one);
  });

  it.each([
    ['content', digest({ a: '2' })],
    ['a name', digest({ b: '1' })],
    ['a mode', digest({ a: '1' }, {}, { mode: 0o755 })],
    ['an owner', digest({ a: '1' }, { owner: { uid: 1, gid: 1 } })],
    ['a link', digest({ a: '->1' })],
  ])('changes with %s', async (_, changed) => {
    expect(await changed).not.toBe(await digest({ a: '1' }));
  });
});

describe('the archive of a layer', () => {
  it('is one that others read, long and foreign names too', async () => {
    const long = `${'d'.repeat(90)}/${'f'.repeat(90)}`;
    const tree = memoryTree({ a: 'first', [long]: 'second', 'ü/日本': 'third', l: '->a' });
    const entries = await draftOf(tree, '.', '/', { owner: { uid: 5_000_000, gid: 7 } });
    const directory = await mkdtemp(join(tmpdir(), 'tcompose-tar-'));
    try {
      const file = await open(join(directory, 'x.tar'), 'w+');
      for await (const chunk of archiveEntries(entries)) await file.write(chunk);
      const members = await scanTar(file, 'x.tar');
      const content = async (name: string) => {
        const member = members.get(name);
        const chunks: Buffer[] = [];
        if (member) for await (const chunk of readMember(file, member)) chunks.push(chunk);
        return Buffer.concat(chunks).toString();
      };
      expect(await Promise.all(['a', long, 'ü/日本'].map(content))).toEqual(['first', 'second', 'third']);
      expect(members.get('l')?.link).toContain('a');
      await file.close();
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('comes in few pieces, whatever the sizes of the files', async () => {
    const large = 'x'.repeat(3_000_000);
    const small = Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`f${n}`, `${n}`]));
    const entries = await draftOf(memoryTree({ ...small, large, last: 'y' }), '.', '/');
    const pieces: Uint8Array[] = [];
    for await (const piece of archiveEntries(entries)) pieces.push(piece);
    expect(pieces.length).toBeLessThan(10);
    const archive = Buffer.concat(pieces);
    // A header each, a block each, the end; nothing twice and nothing left out.
    expect(archive.length).toBe(entries.length * 512 + 2001 * 512 + Math.ceil(3_000_000 / 512) * 512 + 1024);
    for (const text of ['f1999\0', 'large\0', 'last\0', large]) expect(archive.includes(text)).toBe(true);
  });

  it('refuses a file that is not as long as it was', async () => {
    const tree = memoryTree({ a: '12345' });
    const [entry] = await draftOf(tree, 'a', '/');
    const longer = { ...entry, source: { tree, entry: { ...entry?.source?.entry, size: 9 } } } as LayerEntry;
    const read = async () => {
      for await (const _ of archiveEntries([longer]));
    };
    await expect(read()).rejects.toThrow('changed while it was read');
  });
});

describe('--chmod', () => {
  it.each([
    ['755', 0o600, false, 0o755],
    ['4711', 0o600, false, 0o4711],
    ['u=rwX,go=rX', 0o644, false, 0o644],
    ['u=rwX,go=rX', 0o700, false, 0o755],
    ['u=rwX,go=rX', 0o600, true, 0o755],
    ['+x', 0o644, false, 0o755],
    ['a-w', 0o666, false, 0o444],
    ['g=u', 0o640, false, 0o660],
    ['u+s,o+t', 0o755, false, 0o5755],
    ['o=', 0o777, false, 0o770],
    ['ug+rw-x', 0o711, false, 0o661],
  ])('%s of %o', (text, mode, isDirectory, expected) => {
    expect(parseChmod(text)?.change(mode, isDirectory).toString(8)).toBe(expected.toString(8));
  });

  it.each(['', '8', '77777', 'rwx', 'u=q', 'x=r', 'u'])('%j is none', (text) => {
    expect(parseChmod(text)).toBeUndefined();
  });
});

describe('--chown', () => {
  const accounts = { passwd: 'root:x:0:0::/:\napp:x:10:20::/:\n', group: 'staff:x:50:\n' };
  it.each([
    ['app', 10, 20],
    ['app:staff', 10, 50],
    ['7', 7, 7],
    ['7:8', 7, 8],
    ['app:9', 10, 9],
    ['root', 0, 0],
  ])('%s', (spec, uid, gid) => {
    expect(resolveOwner(spec, accounts)).toEqual({ uid, gid });
  });

  it('names what the image lacks', () => {
    expect(() => resolveOwner('nobody', accounts)).toThrow('no user "nobody"');
    expect(() => resolveOwner('app:nobody', accounts)).toThrow('no group "nobody"');
    expect(resolveOwner('root:root', { passwd: '', group: '' })).toEqual({ uid: 0, gid: 0 });
  });
});
