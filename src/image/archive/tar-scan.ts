// The members of a tar file by name, for archives of images: found by reading headers only, their content later and
// from where it lies. Layers themselves are never parsed here: that is tcrun's work.

import type { FileHandle } from 'node:fs/promises';
import { TcError } from '../../base/error.ts';
import { chunkSize } from '../content/files.ts';

export interface ArchiveMember {
  readonly name: string;
  /** Where a link leads, a name in the archive; then there is no content. */
  readonly link?: string;
  readonly offset: number;
  readonly size: number;
}

/** Cleaned names: no leading "./". */
export type ArchiveMembers = ReadonlyMap<string, ArchiveMember>;

const block = 512;
const largestExtension = 1024 * 1024;
const mostMembers = 100_000;

export async function scanTar(file: FileHandle, what: string): Promise<ArchiveMembers> {
  const members = new Map<string, ArchiveMember>();
  const { size: end } = await file.stat();
  let extension: Extension = {};
  for (let at = 0; at + block <= end; ) {
    const header = await readExactly(file, at, block, what);
    if (header.every((byte) => byte === 0)) break;
    const entry = parseHeader(header, what);
    const size = extension.size ?? entry.size;
    const offset = at + block;
    if (offset + size > end) throw notAnArchive(what, 'it ends in the middle of a file');
    at = offset + Math.ceil(size / block) * block;
    if (isExtension(entry.type)) {
      if (size > largestExtension) throw notAnArchive(what, 'a header is too large');
      const content = await readExactly(file, offset, size, what);
      extension = mergeExtension(extension, entry.type, content, what);
      continue;
    }
    addMember(members, { ...entry, ...extension, size }, offset);
    if (members.size > mostMembers) throw notAnArchive(what, `it has more than ${mostMembers} files`);
    extension = {};
  }
  return members;
}

/** Follows links inside the archive: `docker save` stored equal layers so. */
export function findMember(members: ArchiveMembers, name: string): ArchiveMember | undefined {
  let member = members.get(cleanName(name));
  for (let hops = 0; member?.link !== undefined; hops++) {
    if (hops === 10) return undefined;
    member = members.get(cleanName(member.link));
  }
  return member;
}

export async function* readMember(file: FileHandle, member: ArchiveMember, from = 0): AsyncGenerator<Buffer> {
  for (let done = from; done < member.size; ) {
    const wanted = Math.min(chunkSize, member.size - done);
    const { bytesRead, buffer } = await file.read(
      Buffer.allocUnsafe(wanted),
      0,
      wanted,
      member.offset + done,
    );
    if (bytesRead === 0) return;
    done += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function readExactly(file: FileHandle, at: number, size: number, what: string): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(size), 0, size, at);
  if (bytesRead < size) throw notAnArchive(what, 'it ends in the middle of a header');
  return buffer;
}

interface Header {
  readonly type: string;
  readonly name: string;
  readonly link: string;
  readonly size: number;
}

function parseHeader(header: Buffer, what: string): Header {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  if (parseNumber(header.subarray(148, 156)) !== sum) throw notAnArchive(what, 'a check sum is wrong');
  const type = String.fromCharCode(header[156] ?? 0);
  const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? text(header.subarray(345, 500)) : '';
  const name = text(header.subarray(0, 100));
  const size = parseNumber(header.subarray(124, 136));
  if (size === undefined || !Number.isSafeInteger(size)) throw notAnArchive(what, 'a size is not a number');
  const isLink = type === '1' || type === '2';
  return {
    type,
    name: prefix === '' ? name : `${prefix}/${name}`,
    link: text(header.subarray(157, 257)),
    size: isLink || type === '5' ? 0 : size,
  };
}

function parseNumber(field: Buffer): number | undefined {
  const [first = 0] = field;
  if (first & 0x80) return field.subarray(1).reduce((value, byte) => value * 256 + byte, first & 0x3f);
  const digits = field.toString('latin1').replace(/^[ \0]+|[ \0]+$/g, '');
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || '0', 8) : undefined;
}

function text(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

interface Extension {
  readonly name?: string;
  readonly link?: string;
  readonly size?: number;
}

const isExtension = (type: string) => 'xgLKV'.includes(type);

function mergeExtension(extension: Extension, type: string, content: Buffer, what: string): Extension {
  if (type === 'L') return { ...extension, name: text(content) };
  if (type === 'K') return { ...extension, link: text(content) };
  return type === 'x' ? { ...parsePax(content, what), ...extension } : extension;
}

function parsePax(content: Buffer, what: string): Extension {
  let extension: Extension = {};
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(32, at);
    const length = Number(content.toString('latin1', at, space));
    if (space < 0 || !Number.isInteger(length) || length < space - at + 3)
      throw notAnArchive(what, 'a PAX record');
    const record = content.toString('utf8', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    const value = record.slice(equals + 1);
    if (record.startsWith('path=')) extension = { ...extension, name: value };
    if (record.startsWith('linkpath=')) extension = { ...extension, link: value };
    if (record.startsWith('size=')) extension = { ...extension, size: Number(value) };
    at += length;
  }
  if (extension.size === undefined || Number.isSafeInteger(extension.size)) return extension;
  throw notAnArchive(what, 'a size is not a number');
}

function addMember(members: Map<string, ArchiveMember>, header: Header, offset: number): void {
  const name = cleanName(header.name);
  if (header.type === '2') {
    members.set(name, { name, link: joinLink(name, header.link), offset, size: 0 });
  } else if (header.type === '1') {
    members.set(name, { name, link: header.link, offset, size: 0 });
  } else if (header.type === '0' || header.type === '\0' || header.type === '7') {
    members.set(name, { name, offset, size: header.size });
  }
}

/** A symlink's target counts from where the link is. */
function joinLink(name: string, target: string): string {
  return `${name.split('/').slice(0, -1).join('/')}/${target}`;
}

function cleanName(name: string): string {
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

export function notAnArchive(what: string, why: string): TcError {
  return new TcError(`${what} is not an archive that can be read: ${why}`, {
    code: 'malformed-archive',
    hints: [
      'an archive is a tar file, plain or compressed by gzip, as `image save` and `docker save` write it',
    ],
  });
}
