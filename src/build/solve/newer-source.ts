// Whether something that an image was built from has changed since: by times, without reading a file.

import { join } from 'node:path';
import { DirectoryTree } from '../tree/directory-tree.ts';
import { FilteredTree } from '../tree/filtered-tree.ts';
import type { Tree, TreeEntry } from '../tree/tree.ts';
import type { BuildRequest } from './request.ts';
import { readIgnored } from './sources.ts';

/** Looking is for a note, and must not be felt: of a larger context only so much is looked at. */
const mostEntries = 2000;

/** Git changes its own files at every turn. */
const neverSources = new Set(['.git']);

/** A path in the context. `since`: milliseconds since the epoch; `except`: absolute paths that are no sources. */
export async function findNewerSource(
  { context, dockerfile }: Pick<BuildRequest, 'context' | 'dockerfile'>,
  since: number,
  except: readonly string[],
): Promise<string | undefined> {
  const tree = new DirectoryTree({ name: context, root: context, isContext: true, attributes: () => [] });
  const top = await tree.find('');
  if (top?.type !== 'directory') return undefined;
  const file = 'path' in dockerfile ? dockerfile.path : undefined;
  const ignored = await readIgnored(context, file === undefined ? undefined : join(context, file));
  const seen = ignored === undefined ? tree : new FilteredTree(tree, ignored);
  const own = file === undefined ? undefined : await tree.find(file);
  if (own && own.mtime * 1000 > since) return own.path;
  const others = new Set(except.map((path) => join(path)));
  let left = mostEntries;
  for await (const entry of listEntries(seen)) {
    left -= 1;
    if (left < 0) return undefined;
    if (entry.mtime * 1000 > since && !others.has(join(context, entry.path))) return entry.path;
  }
  return undefined;
}

/** All but directories, those that are near the top first. */
async function* listEntries(tree: Tree): AsyncGenerator<TreeEntry> {
  const waiting = [''];
  for (let directory = waiting.shift(); directory !== undefined; directory = waiting.shift()) {
    for (const name of await tree.list(directory)) {
      if (neverSources.has(name)) continue;
      const entry = await tree.find(directory === '' ? name : `${directory}/${name}`);
      if (entry?.type === 'directory') waiting.push(entry.path);
      else if (entry) yield entry;
    }
  }
}
