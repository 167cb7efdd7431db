// A directory of this machine as a tree. Somebody may change it while it is read, a context at least: what is opened is
// checked to be where it was looked for, so that no symlink put there meanwhile leads out.

import {
  type BigIntStats,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  read as readFile,
  readlinkSync,
  readSync,
  statfsSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { TcError } from '../../base/error.ts';
import { errnoOf } from '../../base/system-error.ts';
import { stampFile } from './file-stamp.ts';
import type { EntryType, ExtendedAttribute, Tree, TreeEntry } from './tree.ts';

export interface DirectoryTreeOptions {
  readonly name: string;
  /** Absolute; symlinks on the way to it are followed. */
  readonly root: string;
  /** Every file belongs to root: a context says nothing of owners. */
  readonly isContext: boolean;
  attributes(path: string): readonly ExtendedAttribute[];
}

const chunkSize = 1024 * 1024;
const read = promisify(readFile);

export class DirectoryTree implements Tree {
  readonly name: string;
  readonly directory?: string;
  readonly #options: DirectoryTreeOptions;
  #root: string | undefined;
  #stampedDevice: bigint | undefined;

  constructor(options: DirectoryTreeOptions) {
    this.name = options.name;
    this.#options = options;
    if (!options.isContext) return;
    this.directory = options.root;
    this.#stampedDevice = findStampedDevice(options.root);
  }

  #locate(path: string): string {
    // The dot makes a root that is a symlink, such as one of /proc/self/fd, the directory that it leads to.
    return `${this.#options.root}/./${path}`;
  }

  async find(path: string): Promise<TreeEntry | undefined> {
    const location = this.#locate(path);
    try {
      // Synchronous, as all that is done once for every file: a trip to a thread costs more than the call.
      const status = lstatSync(location, { bigint: true });
      const target = status.isSymbolicLink() ? readlinkSync(location) : undefined;
      return this.#describe(path, status, target);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
      throw unreadable(this.name, path, error);
    }
  }

  #describe(path: string, status: BigIntStats, target: string | undefined): TreeEntry {
    const { isContext } = this.#options;
    const type = typeOf(status);
    const stamp = type === 'file' && this.#stampedDevice === status.dev && stampFile(status, Date.now());
    return {
      path,
      type,
      mode: Number(status.mode & 0o7777n),
      uid: isContext ? 0 : Number(status.uid),
      gid: isContext ? 0 : Number(status.gid),
      size: type === 'file' ? Number(status.size) : 0,
      mtime: Number(status.mtimeNs) / 1e9,
      ...(status.nlink > 1n && type !== 'directory' ? { inode: `${status.dev}:${status.ino}` } : {}),
      ...(stamp ? { stamp } : {}),
      ...(target === undefined ? {} : { target }),
      ...(type === 'character' || type === 'block' ? { device: splitDevice(status.rdev) } : {}),
    };
  }

  async list(path: string): Promise<readonly string[]> {
    try {
      const names = readdirSync(this.#locate(path));
      return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    } catch (error) {
      throw unreadable(this.name, path, error);
    }
  }

  async *read(entry: TreeEntry): AsyncGenerator<Uint8Array> {
    const file = this.#open(entry);
    try {
      for (;;) {
        const buffer = Buffer.allocUnsafe(Math.min(chunkSize, entry.size + 1));
        const length =
          entry.size < chunkSize ? readSync(file, buffer) : (await read(file, { buffer })).bytesRead;
        if (length === 0) return;
        yield buffer.subarray(0, length);
      }
    } finally {
      closeSync(file);
    }
  }

  #open(entry: TreeEntry): number {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    let file: number;
    try {
      file = openSync(this.#locate(entry.path), flags);
    } catch (error) {
      throw unreadable(this.name, entry.path, error);
    }
    this.#root ??= resolveRoot(this.#locate(''));
    if (readlinkSync(`/proc/self/fd/${file}`) === `${this.#root}/${entry.path}`) return file;
    closeSync(file);
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

/**
 * File systems of this machine alone (statfs(2)): ext, XFS, Btrfs, tmpfs, overlay, F2FS, ZFS, bcachefs. What another
 * machine serves has that one's clock, and may be told of late.
 */
const localFilesystems = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0xf2f52010, 0x2fc12fc1, 0xca451a4e,
]);

/** The device whose files have stamps; undefined: none. */
function findStampedDevice(root: string): bigint | undefined {
  try {
    return localFilesystems.has(statfsSync(root).type)
      ? lstatSync(`${root}/.`, { bigint: true }).dev
      : undefined;
  } catch {
    // Whoever reads the tree tells what is wrong with it.
    return undefined;
  }
}

/** As the kernel names it in the paths below; empty for the root of a mount. */
function resolveRoot(location: string): string {
  const root = openSync(location, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return readlinkSync(`/proc/self/fd/${root}`).replace(/^\/$/, '');
  } finally {
    closeSync(root);
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
