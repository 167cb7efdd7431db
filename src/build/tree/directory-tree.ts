// A directory of this machine as a tree. Somebody may change it while it is read, a context at least: what is opened is
// checked to be where it was looked for, so that no symlink put there meanwhile leads out.

import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink } from 'node:fs/promises';
import { TcError } from '../../base/error.ts';
import { errnoOf } from '../../base/system-error.ts';
import type { EntryType, ExtendedAttribute, Tree, TreeEntry } from './tree.ts';

export interface DirectoryTreeOptions {
  readonly name: string;
  /** Absolute; symlinks on the way to it are followed. */
  readonly root: string;
  /** Every file belongs to root: a context says nothing of owners. */
  readonly isContext: boolean;
  attributes(path: string): readonly ExtendedAttribute[];
}

const chunkSize = 256 * 1024;

export class DirectoryTree implements Tree {
  readonly name: string;
  readonly #options: DirectoryTreeOptions;

  constructor(options: DirectoryTreeOptions) {
    this.name = options.name;
    this.#options = options;
  }

  #locate(path: string): string {
    // The dot makes a root that is a symlink, such as one of /proc/self/fd, the directory that it leads to.
    return `${this.#options.root}/./${path}`;
  }

  async find(path: string): Promise<TreeEntry | undefined> {
    const location = this.#locate(path);
    try {
      const status = await lstat(location, { bigint: true });
      const target = status.isSymbolicLink() ? await readlink(location) : undefined;
      return this.#describe(path, status, target);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
      throw unreadable(this.name, path, error);
    }
  }

  #describe(path: string, status: BigIntStats, target: string | undefined): TreeEntry {
    const { isContext } = this.#options;
    const type = typeOf(status);
    return {
      path,
      type,
      mode: Number(status.mode & 0o7777n),
      uid: isContext ? 0 : Number(status.uid),
      gid: isContext ? 0 : Number(status.gid),
      size: type === 'file' ? Number(status.size) : 0,
      mtime: Number(status.mtimeNs) / 1e9,
      ...(status.nlink > 1n && type !== 'directory' ? { inode: `${status.dev}:${status.ino}` } : {}),
      ...(target === undefined ? {} : { target }),
      ...(type === 'character' || type === 'block' ? { device: splitDevice(status.rdev) } : {}),
    };
  }

  async list(path: string): Promise<readonly string[]> {
    try {
      const names = await readdir(this.#locate(path));
      return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    } catch (error) {
      throw unreadable(this.name, path, error);
    }
  }

  async *read(entry: TreeEntry): AsyncGenerator<Uint8Array> {
    const file = await this.#open(entry);
    try {
      for (;;) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkSize), 0, chunkSize);
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }

  async #open(entry: TreeEntry): Promise<FileHandle> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const location = this.#locate(entry.path);
    const file = await open(location, flags).catch((error: unknown) => {
      throw unreadable(this.name, entry.path, error);
    });
    const root = await open(this.#locate(''), constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      const place = await readlink(`/proc/self/fd/${file.fd}`);
      const base = await readlink(`/proc/self/fd/${root.fd}`);
      if (place === `${base === '/' ? '' : base}/${entry.path}`) return file;
    } finally {
      await root.close();
    }
    await file.close();
    throw new TcError(`${this.name}: ${entry.path} was replaced while it was read`, {
      code: 'build-source',
      hints: ['run the command again when nothing changes the files'],
    });
  }

  attributes(entry: TreeEntry): readonly ExtendedAttribute[] {
    if (entry.type !== 'file' && entry.type !== 'directory') return [];
    return this.#options.attributes(this.#locate(entry.path));
  }
}

function typeOf(status: BigIntStats): EntryType {
  if (status.isFile()) return 'file';
  if (status.isDirectory()) return 'directory';
  if (status.isSymbolicLink()) return 'symlink';
  if (status.isFIFO()) return 'fifo';
  if (status.isCharacterDevice()) return 'character';
  return status.isBlockDevice() ? 'block' : 'socket';
}

/** As glibc's gnu_dev_major and gnu_dev_minor. */
function splitDevice(device: bigint): { major: number; minor: number } {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}

function unreadable(tree: string, path: string, cause: unknown): TcError {
  return new TcError(`${tree}: ${path === '' ? 'it' : path} cannot be read: ${errnoOf(cause) ?? cause}`, {
    code: 'build-source',
    kind: 'environment',
    cause,
  });
}
