// The header of one member of a layer, with an extended header (pax) in front where the old one has no room. Pure.

import type { ExtendedAttribute } from '../tree/tree.ts';

export interface TarMember {
  /** Without a leading slash; of a directory with one at its end. */
  readonly name: string;
  /** Of ustar: 0 file, 1 hard link, 2 symlink, 3 and 4 devices, 5 directory, 6 fifo. */
  readonly type: '0' | '1' | '2' | '3' | '4' | '5' | '6';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds; parts of one go into an extended header. */
  readonly mtime: number;
  readonly link: string;
  readonly major: number;
  readonly minor: number;
  readonly attributes: readonly ExtendedAttribute[];
}

const block = 512;
const nameRoom = 100;

export function formatTarMember(member: TarMember): Buffer {
  const records = paxRecords(member);
  const own = formatHeader(member);
  if (records.length === 0) return own;
  const body = Buffer.concat(records);
  const header = formatHeader({
    ...{ name: 'PaxHeaders/x', mode: 0o644, uid: 0, gid: 0, mtime: 0, link: '', major: 0, minor: 0 },
    size: body.length,
    type: 'x',
  });
  return Buffer.concat([header, body, padding(body.length), own]);
}

/** What follows `size` bytes of content. */
export function padding(size: number): Buffer {
  return Buffer.alloc((block - (size % block)) % block);
}

export const endOfArchive = Buffer.alloc(2 * block);

function paxRecords(member: TarMember): Buffer[] {
  const records: Buffer[] = [];
  const add = (key: string, value: string | Uint8Array) =>
    records.push(formatRecord(key, Buffer.from(value)));
  if (!fits(member.name)) add('path', member.name);
  if (!fits(member.link)) add('linkpath', member.link);
  if (member.size >= 8 ** 11) add('size', String(member.size));
  if (member.uid >= 8 ** 7) add('uid', String(member.uid));
  if (member.gid >= 8 ** 7) add('gid', String(member.gid));
  if (member.mtime >= 8 ** 11 || member.mtime < 0 || !Number.isInteger(member.mtime)) {
    add('mtime', String(member.mtime));
  }
  for (const { name, value } of member.attributes) add(`SCHILY.xattr.${name}`, value);
  return records;
}

/** Bytes beyond ASCII mean the same to everybody only in an extended header. */
function fits(text: string): boolean {
  return text.length <= nameRoom && /^[\x20-\x7e]*$/.test(text);
}

/** `LENGTH KEY=VALUE\n`, where the length counts itself. */
function formatRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

type Header = Omit<TarMember, 'type' | 'attributes'> & { readonly type: TarMember['type'] | 'x' };

function formatHeader(member: Header): Buffer {
  const header = Buffer.alloc(block);
  const text = (value: string, offset: number, room: number) => {
    header.write(Buffer.from(value).subarray(0, room).toString('latin1'), offset, room, 'latin1');
  };
  const octal = (value: number, offset: number, room: number) => {
    const digits = value >= 0 && value < 8 ** (room - 1) ? value : 0;
    header.write(`${digits.toString(8).padStart(room - 1, '0')}\0`, offset, 'latin1');
  };
  text(member.name, 0, nameRoom);
  octal(member.mode, 100, 8);
  octal(member.uid, 108, 8);
  octal(member.gid, 116, 8);
  octal(member.size, 124, 12);
  octal(Math.floor(member.mtime), 136, 12);
  header.write('        ', 148, 'latin1');
  header.write(member.type, 156, 'latin1');
  text(member.link, 157, nameRoom);
  header.write('ustar\x0000', 257, 'latin1');
  octal(member.major, 329, 8);
  octal(member.minor, 337, 8);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}
