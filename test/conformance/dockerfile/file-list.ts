// File systems of images as text: one line for every file, with its kind, mode, owner and content.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadNative } from '../../../src/runtime/native.ts';

export const busybox = '/bin/busybox';

const native = loadNative();

/** Path -> text. `layers`: directories of an overlay, topmost first. */
export function listFiles(layers: readonly string[]): Map<string, string> {
  // An overlay has two layers at least.
  const empty = mkdtempSync(join(tmpdir(), 'tcompose-empty-'));
  for (const part of ['a', 'b']) mkdirSync(join(empty, part));
  const fd = native.mountLayers([...layers, join(empty, 'a'), join(empty, 'b')]);
  try {
    const files = new Map<string, string>();
    listTree(`/proc/self/fd/${fd}/.`, '', files);
    return files;
  } finally {
    native.close(fd);
    rmSync(empty, { recursive: true });
  }
}

/** The same of a tar of all the files, which is removed. */
export function listArchive(archive: string): Map<string, string> {
  const directory = `${archive}.d`;
  mkdirSync(directory);
  const keep = [
    '--preserve-permissions',
    '--same-owner',
    '--numeric-owner',
    '--xattrs',
    '--xattrs-include=*',
  ];
  execFileSync('tar', ['--extract', ...keep, '--file', archive, '--directory', directory]);
  const files = new Map<string, string>();
  listTree(directory, '', files);
  for (const path of [archive, directory]) rmSync(path, { recursive: true });
  return files;
}

/** What differs from `before`, and what is gone of it. */
export function compareFiles(
  files: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, string>,
): string[] {
  const changed = [...files]
    .filter(([path, text]) => before.get(path) !== text)
    .map(([path, text]) => `${path} ${text}\n`);
  const gone = [...before.keys()].filter((path) => !files.has(path)).map((path) => `${path} gone\n`);
  return [...changed, ...gone];
}

/** `directory 755 0:0`, `file 644 0:0 "content" user.x=BASE64`, `link 0:0 -> target`, `= first name`. */
function listTree(
  root: string,
  path: string,
  files: Map<string, string>,
  inodes = new Map<number, string>(),
): void {
  for (const name of readdirSync(join(root, path)).sort()) {
    const below = `${path}/${name}`;
    const place = `${root}${below}`;
    const status = lstatSync(place);
    const owner = `${status.uid}:${status.gid}`;
    const mode = (status.mode & 0o7777).toString(8);
    const first = status.nlink > 1 && status.isFile() ? inodes.get(status.ino) : undefined;
    if (status.isFile() && status.nlink > 1) inodes.set(status.ino, first ?? below);
    if (status.isDirectory()) {
      files.set(below, `directory ${mode} ${owner}${describeAttributes(place)}`);
      listTree(root, below, files, inodes);
    } else if (first !== undefined) files.set(below, `= ${first}`);
    else if (status.isFile())
      files.set(
        below,
        `file ${mode} ${owner} ${describeContent(readFileSync(place))}${describeAttributes(place)}`,
      );
    else if (status.isSymbolicLink()) files.set(below, `link ${owner} -> ${readlinkSync(place)}`);
    else files.set(below, `special ${mode} ${owner}`);
  }
}

function describeAttributes(place: string): string {
  return native
    .readXattrs(place)
    .map(({ name, value }) => ` ${name}=${Buffer.from(value).toString('base64')}`)
    .join('');
}

function describeContent(bytes: Buffer): string {
  // Whichever version this machine has.
  if (bytes.equals(readFileSync(busybox))) return 'busybox';
  if (bytes.length <= 400) return JSON.stringify(bytes.toString('utf8'));
  return `${bytes.length} bytes ${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`;
}
