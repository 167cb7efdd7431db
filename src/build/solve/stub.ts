// What was put into a step's writable directory only so that something could be mounted on it: empty files and
// directories that the command neither made nor filled.

import { lstat, readdir, rmdir, unlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from '../../base/system-error.ts';
import { resolvePath } from '../tree/resolve-path.ts';
import type { Tree } from '../tree/tree.ts';

/** `before`: the tree that the step began with. Nothing runs in `upper` any more. */
export async function removeStubs(upper: string, targets: readonly string[], before: Tree): Promise<void> {
  const deepestFirst = [...targets].sort((a, b) => b.length - a.length);
  for (const target of deepestFirst) {
    const { path } = await resolvePath(before, target, { followLast: true });
    for (let at = path; at !== '' && at !== '.'; at = dirname(at)) {
      if ((await before.find(at)) !== undefined) break;
      if (!(await removeEmpty(upper, at))) break;
      await restoreTime(upper, dirname(at), before);
    }
  }
}

async function removeEmpty(upper: string, path: string): Promise<boolean> {
  const place = await locate(upper, path);
  if (place === undefined) return false;
  const status = await lstat(place).catch(() => undefined);
  if (status === undefined) return true;
  try {
    if (status.isDirectory()) {
      if ((await readdir(place)).length > 0) return false;
      await rmdir(place);
      return true;
    }
    if (!status.isFile() || status.size > 0) return false;
    await unlink(place);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTEMPTY'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

/** Undefined: a directory on the way is something else by now. */
async function locate(upper: string, path: string): Promise<string | undefined> {
  let place = upper;
  for (const name of dirname(path).split('/')) {
    if (name === '.') continue;
    place = join(place, name);
    const status = await lstat(place).catch(() => undefined);
    if (!status?.isDirectory()) return undefined;
  }
  return join(place, path.split('/').at(-1) ?? '');
}

/** A directory that only had a stub in it has not changed. */
async function restoreTime(upper: string, directory: string, before: Tree): Promise<void> {
  const path = directory === '.' ? '' : directory;
  const entry = await before.find(path);
  const place = path === '' ? upper : await locate(upper, path);
  if (entry?.type !== 'directory' || place === undefined) return;
  await utimes(place, entry.mtime, entry.mtime).catch(() => undefined);
}
