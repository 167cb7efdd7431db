// Files of this host as a tar, for containers.

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs';
import { errnoOf } from '../../base/system-error.ts';
import { gather } from '../../build/copy/gather.ts';
import { endOfArchive, formatTarMember, padding, type TarMember } from '../../build/copy/tar-member.ts';
import type { PackedSource } from './source-port.ts';

const chunkSize = 256 * 1024;
const permissions = 0o7777;
/** Gone meanwhile, or something else by now: whoever watches hears of it. */
const passing = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL', 'ENXIO']);

export function packSources(files: readonly PackedSource[]): AsyncGenerator<Uint8Array> {
  return gather(packAll(files));
}

function* packAll(files: readonly PackedSource[]): Generator<Uint8Array> {
  for (const file of files) {
    try {
      yield* packOne(file);
    } catch (error) {
      if (!passing.has(errnoOf(error) ?? '')) throw error;
    }
  }
  yield endOfArchive;
}

function* packOne({ name, path }: PackedSource): Generator<Uint8Array> {
  const found = lstatSync(path);
  if (found.isDirectory()) yield formatTarMember(describe(`${name}/`, '5', found));
  else if (found.isSymbolicLink()) {
    yield formatTarMember({ ...describe(name, '2', found), link: readlinkSync(path) });
  } else if (found.isFile()) yield* packFile(name, path);
}

function* packFile(name: string, path: string): Generator<Uint8Array> {
  const { O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  try {
    // A container that can write to the sources may put a link in the place of a directory, to have files of the host
    // read for it. The kernel's own name of what was opened tells.
    if (readlinkSync(`/proc/self/fd/${fd}`) !== path) return;
    const status = fstatSync(fd);
    if (!status.isFile()) return;
    yield formatTarMember({ ...describe(name, '0', status), size: status.size });
    yield* readExactly(fd, status.size);
    yield padding(status.size);
  } finally {
    closeSync(fd);
  }
}

/** A file that shrinks is filled up with zeros: it has changed, and is copied again. */
function* readExactly(fd: number, size: number): Generator<Uint8Array> {
  for (let at = 0; at < size; ) {
    const chunk = Buffer.alloc(Math.min(chunkSize, size - at));
    const got = readSync(fd, chunk, 0, chunk.length, at);
    yield got === 0 ? chunk : chunk.subarray(0, got);
    at += got === 0 ? chunk.length : got;
  }
}

function describe(name: string, type: TarMember['type'], { gid, mode, mtimeMs, uid }: Stats): TarMember {
  return {
    ...{ name, type, uid, gid, size: 0, link: '', major: 0, minor: 0, attributes: [] },
    mode: type === '2' ? 0o777 : mode & permissions,
    mtime: mtimeMs / 1000,
  };
}
