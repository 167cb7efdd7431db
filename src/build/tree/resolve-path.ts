// Paths in a tree with symlinks followed inside of it: an absolute one starts at the tree's root, and `..` stops there.

import { TcError } from '../../base/error.ts';
import type { Tree, TreeEntry } from './tree.ts';

/** As the kernel (MAXSYMLINKS). */
const mostLinks = 40;

export interface ResolvedPath {
  /** Without any symlink in its parents, and (unless it was not to be followed) itself none. */
  readonly path: string;
  /** Undefined: it does not exist. */
  readonly entry?: TreeEntry;
}

export async function resolvePath(
  tree: Pick<Tree, 'name' | 'find'>,
  path: string,
  options: { readonly followLast: boolean },
): Promise<ResolvedPath> {
  let links = 0;
  let resolved: readonly string[] = [];
  let rest = split(path);
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === '..') {
      resolved = resolved.slice(0, -1);
      continue;
    }
    const target = await followable(
      tree,
      [...resolved, name].join('/'),
      options.followLast || rest.length > 0,
    );
    if (target === undefined) {
      resolved = [...resolved, name];
      continue;
    }
    links += 1;
    if (links > mostLinks) throw tooManyLinks(tree.name, path);
    if (target.startsWith('/')) resolved = [];
    rest = [...split(target), ...rest];
  }
  const final = resolved.join('/');
  const entry = await tree.find(final);
  return { path: final, ...(entry === undefined ? {} : { entry }) };
}

/** The target of a symlink that is to be followed. */
async function followable(
  tree: Pick<Tree, 'find'>,
  path: string,
  follow: boolean,
): Promise<string | undefined> {
  if (!follow) return undefined;
  const entry = await tree.find(path);
  return entry?.type === 'symlink' ? entry.target : undefined;
}

function split(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function tooManyLinks(tree: string, path: string): TcError {
  return new TcError(`${tree}: too many symbolic links on the way to ${path}`, { code: 'build-source' });
}
