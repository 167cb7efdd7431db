// The files of a tree that a source of COPY means: a path, or one with wildcards in its names.

import { compileNamePattern, hasWildcard, unescapePath } from '../pattern/path-pattern.ts';
import { resolvePath } from '../tree/resolve-path.ts';
import type { Tree } from '../tree/tree.ts';

/** Paths as they are written, wildcards filled in; sorted. Without a wildcard the path need not exist. */
export async function expandGlob(tree: Tree, pattern: string): Promise<string[]> {
  const names = pattern.split('/').filter((name) => name !== '' && name !== '.');
  let found = [''];
  for (const [index, name] of names.entries()) {
    const isLast = index === names.length - 1;
    const next: string[] = [];
    for (const base of found) next.push(...(await matchName(tree, base, name, isLast)));
    found = next;
  }
  return found;
}

async function matchName(tree: Tree, base: string, name: string, isLast: boolean): Promise<string[]> {
  const join = (child: string) => (base === '' ? child : `${base}/${child}`);
  if (!hasWildcard(name)) return [join(unescapePath(name))];
  const { path, entry } = await resolvePath(tree, base, { followLast: true });
  if (entry?.type !== 'directory') return [];
  const matches = compileNamePattern(name);
  const children = (await tree.list(path)).filter((child) => matches(child)).map(join);
  return isLast ? children : directoriesOf(tree, children);
}

async function directoriesOf(tree: Tree, paths: readonly string[]): Promise<string[]> {
  const kept: string[] = [];
  for (const path of paths) {
    const { entry } = await resolvePath(tree, path, { followLast: true });
    if (entry?.type === 'directory') kept.push(path);
  }
  return kept;
}
