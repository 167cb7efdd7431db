// An empty volume that is mounted over content of the image starts with a copy of that content, as Docker does it.
// Links inside the image are copied, never followed: a layer must not name files of the host.

import { constants, lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { chmod, copyFile, lchown, lutimes, mkdir, rm, symlink, utimes } from 'node:fs/promises';
import { join, posix } from 'node:path';

/** @param layers Absolute directories, topmost first. */
export async function copyImageContent(
  layers: readonly string[],
  target: string,
  data: string,
): Promise<void> {
  if (readdirSync(data).length > 0) return;
  const sources = findVisible(layers, target);
  for (const source of sources.reverse()) await copyDirectory(source, data);
}

/** The directories that `target` is in the layers, topmost first, down to the layer that hides the ones below. */
function findVisible(layers: readonly string[], target: string): string[] {
  const found: string[] = [];
  for (const layer of layers) {
    const kind = look(layer, target);
    if (kind === 'directory') found.push(join(layer, target));
    if (kind === 'hidden') break;
  }
  return found;
}

function look(layer: string, target: string): 'directory' | 'absent' | 'hidden' {
  let path = layer;
  for (const part of posix.normalize(target).split('/').filter(Boolean)) {
    path = join(path, part);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return 'absent';
    if (!stat.isDirectory()) return 'hidden';
  }
  return 'directory';
}

async function copyDirectory(from: string, to: string): Promise<void> {
  const own = lstatSync(from);
  for (const name of readdirSync(from)) await copyEntry(join(from, name), join(to, name));
  await copyAttributes(to, own);
}

async function copyEntry(from: string, to: string): Promise<void> {
  const stat = lstatSync(from);
  if (stat.isDirectory()) {
    if (!lstatSync(to, { throwIfNoEntry: false })?.isDirectory()) {
      await rm(to, { force: true });
      await mkdir(to);
    }
    return copyDirectory(from, to);
  }
  await rm(to, { recursive: true, force: true });
  if (stat.isFile()) {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    await copyAttributes(to, stat);
  } else if (stat.isSymbolicLink()) {
    await symlink(readlinkSync(from), to);
    await lchown(to, stat.uid, stat.gid);
    await lutimes(to, stat.atime, stat.mtime);
  }
  // A whiteout (character device 0:0) has removed what a lower layer brought; other devices and pipes stay behind.
}

async function copyAttributes(path: string, stat: Stats): Promise<void> {
  await lchown(path, stat.uid, stat.gid);
  // After the owner, whose change clears the set-user-id bit.
  await chmod(path, stat.mode & 0o7777);
  await utimes(path, stat.atime, stat.mtime);
}
