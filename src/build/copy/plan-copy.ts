// What COPY and ADD put where: reads the trees, writes nothing. Semantics of BuildKit's copy (fsutil/copy): a directory
// gives its content, links in the path of a source are followed inside its tree, the directory that is the destination
// keeps its owner and mode if it is there.

import { posix } from 'node:path';
import { TcError } from '../../base/error.ts';
import { findNearest } from '../../base/suggest.ts';
import { hasWildcard } from '../pattern/path-pattern.ts';
import { PatternList } from '../pattern/pattern-list.ts';
import { resolvePath } from '../tree/resolve-path.ts';
import type { Tree, TreeEntry } from '../tree/tree.ts';
import type { Chmod } from './chmod.ts';
import { expandGlob } from './glob.ts';
import type { LayerDraft, NewDirectory, Owner } from './layer-draft.ts';
import type { LayerEntry } from './layer-entry.ts';

export interface CopyOrder {
  readonly draft: LayerDraft;
  readonly tree: Tree;
  /** Path or pattern. */
  readonly source: string;
  /** Absolute; a slash at its end says that it is a directory. */
  readonly destination: string;
  readonly owner?: Owner;
  readonly chmod?: Chmod;
  readonly exclude: readonly string[];
  /** The path of the source is kept below the destination. */
  readonly parents: boolean;
  /** Seconds: of directories that are made on the way. */
  readonly now: number;
  /** What is in the way of a file or a directory is replaced: so archives are taken apart. */
  readonly replaces?: boolean;
  /** Takes a file that is an archive; false: it is none. */
  readonly unpack?: (entry: TreeEntry, order: CopyOrder) => Promise<boolean>;
}

export async function planCopy(order: CopyOrder): Promise<void> {
  if (order.parents) return copyWithParents(order);
  const { tree, source } = order;
  const isPattern = hasWildcard(source);
  for (const path of await expandGlob(tree, source)) {
    const { path: followed, entry } = await resolvePath(tree, path, { followLast: true });
    if (entry === undefined) {
      // A link that leads nowhere is a match; that another directory has no such file is none.
      const match = await resolvePath(tree, path, { followLast: false });
      if (isPattern && match.entry === undefined) continue;
      throw await notFound(tree, isPattern ? path : source, path);
    }
    await copyOne(begin(order), path, { ...entry, path: followed });
  }
}

async function notFound(tree: Tree, source: string, path: string): Promise<TcError> {
  const parent = posix.dirname(path);
  const { entry } = await resolvePath(tree, parent === '.' ? '' : parent, { followLast: true });
  const names = entry?.type === 'directory' ? await tree.list(entry.path) : [];
  const near = findNearest(posix.basename(path), names);
  const isHidden =
    'hides' in tree && (await (tree as Tree & { hides(path: string): Promise<boolean> }).hides(path));
  return new TcError(`${source} is not in ${tree.name}`, {
    code: 'build-source',
    hints: [
      ...(isHidden ? ['it is there, but the ignore file (.dockerignore) leaves it out'] : []),
      ...(near === undefined ? [] : [`did you mean ${posix.join(parent, near)}?`]),
    ],
  });
}

/** A mode in words is for what is copied, not for what is made on the way; nor are the bits beyond permissions. */
function newDirectory({ owner, now, chmod }: CopyOrder): NewDirectory {
  return { uid: 0, gid: 0, ...owner, mode: (chmod?.absolute ?? 0o755) & 0o777, mtime: now };
}

/** What one source, or one match of it, is copied with. */
interface Copy extends CopyOrder {
  readonly copy: number;
}

function begin(order: CopyOrder): Copy {
  return { ...order, copy: order.draft.nextCopy() };
}

function put(copy: Copy, entry: TreeEntry, path: string): Promise<void> {
  const described = describe(copy, entry, path);
  return copy.replaces ? copy.draft.replace(described) : copy.draft.put(described);
}

/** `path`: as it is written; `entry`: what it leads to. */
async function copyOne(order: Copy, path: string, entry: TreeEntry): Promise<void> {
  const { draft, destination } = order;
  if (entry.type === 'file' && order.unpack && (await order.unpack(entry, order))) return;
  if (entry.type === 'directory') {
    const target = await draft.makeDirectory(destination, newDirectory(order));
    const level = { directory: entry.path, target, relative: '', make: isThere };
    return copyContent(order, level, excludes(order.exclude));
  }
  // `--exclude` is for what is below a directory: a file that a source names or matches itself is copied.
  const target = await fileTarget(order, posix.basename(path));
  await put(order, entry, target);
}

/** Into a directory that is there, or is said to be one by a slash; else under the destination's own name. */
async function fileTarget(order: CopyOrder, name: string): Promise<string> {
  const { draft, destination } = order;
  if (destination.endsWith('/')) {
    return posix.join(await draft.makeDirectory(destination, newDirectory(order)), name);
  }
  const { path, entry } = await resolvePath(draft, destination, { followLast: true });
  if (entry?.type === 'directory') return posix.join(path, name);
  await draft.makeParent(path, newDirectory(order));
  return path;
}

type Excluded = (path: string) => boolean;

function excludes(patterns: readonly string[]): Excluded {
  if (patterns.length === 0) return () => false;
  const list = new PatternList(patterns);
  return (path) => list.matches(path);
}

/** A directory on the way down. */
interface Level {
  /** In the source's tree. */
  readonly directory: string;
  readonly target: string;
  /** Below the source, for patterns. */
  readonly relative: string;
  /** Puts the directory into the layer. Again is as good as once. */
  make(): Promise<void>;
}

async function copyContent(order: Copy, level: Level, isExcluded: Excluded): Promise<void> {
  const { tree } = order;
  for (const name of await tree.list(level.directory)) {
    const entry = await tree.find(join(level.directory, name));
    if (entry === undefined || entry.type === 'socket') continue;
    const child = { target: join(level.target, name), relative: join(level.relative, name) };
    if (entry.type === 'directory') await copyDirectory(order, level, { ...child, entry }, isExcluded);
    else if (!isExcluded(child.relative)) {
      await level.make();
      await put(order, entry, child.target);
    }
  }
}

/** One that is excluded is made only for what is taken back below it. */
async function copyDirectory(
  order: Copy,
  above: Level,
  { entry, target, relative }: { entry: TreeEntry; target: string; relative: string },
  isExcluded: Excluded,
): Promise<void> {
  const isOut = isExcluded(relative);
  if (isOut && new PatternList(order.exclude).coversAllBelow(relative)) return;
  const make = async () => {
    await above.make();
    await put(order, entry, target);
  };
  if (!isOut) await make();
  await copyContent(order, { directory: entry.path, target, relative, make }, isExcluded);
}

function join(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

const isThere = async () => undefined;

/** What `--parents` keeps begins behind `/./`, where the source has one. */
async function copyWithParents(order: CopyOrder): Promise<void> {
  const [, pivot = '', kept = ''] = /^(?:(.*?)\/\.\/)?(.*)$/s.exec(order.source) ?? [];
  const base = await resolvePath(order.tree, pivot, { followLast: true });
  const pattern = kept
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .join('/');
  const matches = await matchBelow(order.tree, base.path, pattern);
  if (matches.length === 0 && !hasWildcard(order.source))
    throw await notFound(order.tree, order.source, kept);
  const copy = begin(order);
  for (const relative of matches) await copyKept(copy, base.path, relative);
}

/** Paths below `base`; `**` stands for any number of directories. */
async function matchBelow(tree: Tree, base: string, pattern: string): Promise<string[]> {
  const below = (path: string) => posix.join(base, path).replace(/^\.$/, '');
  if (!hasWildcard(pattern)) return (await tree.find(below(pattern))) ? [pattern] : [];
  const list = new PatternList([pattern]);
  const found: string[] = [];
  const visit = async (directory: string): Promise<void> => {
    for (const name of await tree.list(below(directory))) {
      const path = directory === '' ? name : `${directory}/${name}`;
      if (list.matches(path)) found.push(path);
      else if (list.mayMatchBelow(path) && (await tree.find(below(path)))?.type === 'directory')
        await visit(path);
    }
  };
  await visit('');
  return found;
}

async function copyKept(order: Copy, base: string, relative: string): Promise<void> {
  const { tree, draft } = order;
  let target = await draft.makeDirectory(order.destination, newDirectory(order));
  const names = relative.split('/').filter((name) => name !== '');
  for (const [index, name] of names.entries()) {
    const entry = await tree.find(posix.join(base, ...names.slice(0, index + 1)));
    if (entry === undefined) return;
    if (excludes(order.exclude)(names.slice(0, index + 1).join('/'))) return;
    target = join(target, name);
    await put(order, entry, target);
    if (index === names.length - 1 && entry.type === 'directory') {
      const level = { directory: entry.path, target, relative, make: isThere };
      await copyContent(order, level, excludes(order.exclude));
    }
  }
}

function describe({ tree, owner, chmod, copy }: Copy, entry: TreeEntry, path: string): LayerEntry {
  const { type, mode, uid, gid, mtime, target, device } = entry;
  const isLink = type === 'symlink';
  return {
    path,
    type,
    mode: isLink ? 0o777 : chmod ? chmod.change(mode, type === 'directory') : mode,
    uid: owner?.uid ?? uid,
    gid: owner?.gid ?? gid,
    mtime,
    ...(target === undefined ? {} : { target }),
    ...(device === undefined ? {} : { device }),
    source: { tree, entry, copy },
  };
}
