// Tar archives byte by byte, for what no honest tool would write.

import { createHash } from 'node:crypto';

export interface TarMember {
  readonly name: string;
  /** Default: '0' with content, as in the header. */
  readonly type?: string;
  readonly link?: string;
  readonly content?: string | Uint8Array;
  /** What the header says; default: the length of the content. */
  readonly size?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly major?: number;
  readonly minor?: number;
  /** PAX records that stand before it. */
  readonly pax?: Readonly<Record<string, string>>;
}

export const directory = (name: string, more: Partial<TarMember> = {}): TarMember => ({
  name,
  type: '5',
  mode: 0o755,
  ...more,
});
export const file = (name: string, content = '', more: Partial<TarMember> = {}): TarMember => ({
  name,
  content,
  ...more,
});
export const symlink = (name: string, link: string): TarMember => ({ name, type: '2', link });
export const hardlink = (name: string, link: string): TarMember => ({ name, type: '1', link });

export function buildTar(members: readonly TarMember[], { end = true } = {}): Buffer {
  const parts = members.flatMap((member) => [...formatPax(member.pax), formatMember(member)]);
  return Buffer.concat(end ? [...parts, Buffer.alloc(1024)] : parts);
}

function formatPax(records: TarMember['pax']): Buffer[] {
  if (!records) return [];
  const content = Object.entries(records)
    .map(([key, value]) => {
      const rest = ` ${key}=${value}\n`;
      const bytes = Buffer.byteLength(rest);
      const length = bytes + String(bytes + String(bytes).length).length;
      return `${length}${rest}`;
    })
    .join('');
  return [formatMember({ name: 'PaxHeaders/x', type: 'x', content })];
}

export function formatMember(member: TarMember): Buffer {
  const content = Buffer.from(member.content ?? '');
  const header = Buffer.alloc(512);
  const octal = (value: number, offset: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'latin1');
  header.write(member.name, 0, 100);
  octal(member.mode ?? 0o644, 100, 8);
  octal(member.uid ?? 0, 108, 8);
  octal(member.gid ?? 0, 116, 8);
  octal(member.size ?? content.length, 124, 12);
  octal(member.mtime ?? 1_600_000_000, 136, 12);
  header.write(member.type ?? '0', 156, 'latin1');
  header.write(member.link ?? '', 157, 100);
  header.write('ustar\0' + '00', 257, 'latin1');
  octal(member.major ?? 0, 329, 8);
  octal(member.minor ?? 0, 337, 8);
  return Buffer.concat([seal(header), content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/** Puts the check sum in. */
export function seal(header: Buffer): Buffer {
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

export function sha256(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
