// One file of a log, as it is or compressed, read by position. It is known again by the inode number that it was written
// under, which a compressed one says in its header, and by how it begins: inode numbers are used again.

import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { unless } from '../../base/system-error.ts';

export interface LogFile {
  /** Of what is open here, not of what has its name by now. */
  readonly inode: number | undefined;
  /** The same for a file before and after it was compressed. */
  identity(): string;
  size(): number;
  /** Into the beginning of `block`, at most `length` bytes. */
  read(block: Buffer, length: number, position: number): number;
  close(): void;
}

/** `path`, or what it became once it was set aside and compressed. */
export function openLogFile(path: string): LogFile | undefined {
  return openPlain(path) ?? openCompressed(`${path}.gz`) ?? openPlain(path);
}

function openPlain(path: string): LogFile | undefined {
  const fd = unless(['ENOENT', 'ENOTDIR'], () => openSync(path, 'r'));
  if (fd === undefined) return undefined;
  const inode = fstatSync(fd).ino;
  const read: LogFile['read'] = (block, length, position) => readSync(fd, block, 0, length, position);
  return {
    inode,
    identity: () => identify(String(inode), read),
    size: () => fstatSync(fd).size,
    read,
    close: () => closeSync(fd),
  };
}

function openCompressed(path: string): LogFile | undefined {
  const packed = unless(['ENOENT', 'ENOTDIR'], () => readFileSync(path));
  if (packed === undefined) return undefined;
  const content = gunzipSync(packed);
  const read: LogFile['read'] = (block, length, position) =>
    content.copy(block, 0, position, position + length);
  return {
    inode: undefined,
    identity: () => identify(readName(packed) ?? path, read),
    size: () => content.length,
    read,
    close: () => {},
  };
}

/** The first record has a time of nanoseconds. */
function identify(name: string, read: LogFile['read']): string {
  const beginning = Buffer.alloc(256);
  const length = read(beginning, beginning.length, 0);
  return `${name} ${beginning.toString('latin1', 0, length)}`;
}

/** RFC 1952, 2.3: ten bytes, and the file name up to a NUL if flag 8 says so. */
function readName(packed: Buffer): string | undefined {
  const FILE_NAME = 8;
  if (packed[3] !== FILE_NAME) return undefined;
  return packed.subarray(10, packed.indexOf(0, 10)).toString('latin1');
}
