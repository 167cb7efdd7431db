// Programs of other architectures: which of them the kernel hands to an emulator. Source: the kernel's
// Documentation/admin-guide/binfmt-misc.rst. Pure.

import type { Platform } from '../../image/platform.ts';

/** A file of binfmt_misc. */
export interface Handler {
  /** Absolute path. */
  readonly interpreter: string;
  /** F: opened when it was registered, so that it is found whatever the root is. */
  readonly flags: string;
  readonly offset: number;
  readonly magic: Buffer;
  readonly mask: Buffer;
}

/** Undefined: it is turned off, or goes by the names of files. */
export function parseHandler(text: string): Handler | undefined {
  const [state, ...lines] = text.split('\n');
  const value = (key: string) =>
    lines.find((line) => line.startsWith(`${key} `) || line.startsWith(`${key}: `))?.slice(key.length);
  const magic = Buffer.from(value('magic')?.trim() ?? '', 'hex');
  const interpreter = value('interpreter')?.trim();
  if (state !== 'enabled' || magic.length === 0 || !interpreter) return undefined;
  const mask = value('mask');
  return {
    interpreter,
    flags: value('flags')?.slice(1).trim() ?? '',
    offset: Number(value('offset') ?? 0),
    magic,
    mask: mask === undefined ? Buffer.alloc(magic.length, 0xff) : Buffer.from(mask.trim(), 'hex'),
  };
}

/** Of ELF headers: width of addresses, order of bytes, number of the machine (elf(5), the psABI of each). */
const machines: Readonly<Record<string, readonly [bits: 32 | 64, order: 'little' | 'big', machine: number]>> =
  {
    '386': [32, 'little', 3],
    amd64: [64, 'little', 62],
    arm: [32, 'little', 40],
    arm64: [64, 'little', 183],
    loong64: [64, 'little', 258],
    mips: [32, 'big', 8],
    mipsle: [32, 'little', 8],
    mips64: [64, 'big', 8],
    mips64le: [64, 'little', 8],
    ppc64: [64, 'big', 21],
    ppc64le: [64, 'little', 21],
    riscv64: [64, 'little', 243],
    s390x: [64, 'big', 22],
  };

/** As a program for this platform begins. */
function formatHeader({ architecture }: Platform): Buffer | undefined {
  const machine = machines[architecture];
  if (machine === undefined) return undefined;
  const [bits, order, number] = machine;
  const header = Buffer.alloc(256);
  header.set([0x7f, 0x45, 0x4c, 0x46, bits / 32, order === 'little' ? 1 : 2, 1]);
  const executable = 2;
  if (order === 'little') header.writeUInt16LE(executable, 16);
  else header.writeUInt16BE(executable, 16);
  if (order === 'little') header.writeUInt16LE(number, 18);
  else header.writeUInt16BE(number, 18);
  return header;
}

/** The handler that a program for this platform would get; of several, one that works in every root. */
export function findHandler(handlers: readonly Handler[], platform: Platform): Handler | undefined {
  const header = formatHeader(platform);
  if (platform.os !== 'linux' || header === undefined) return undefined;
  const fitting = handlers.filter(({ magic, mask, offset }) =>
    magic.every((byte, at) => (((header[offset + at] ?? 0) ^ byte) & (mask[at] ?? 0xff)) === 0),
  );
  return fitting.find(({ flags }) => flags.includes('F')) ?? fitting[0];
}

const interpreterSegment = 3;

/** Whether a program needs no dynamic linker, so that it runs in any root. `head`: its first kilobytes. */
export function isStatic(head: Buffer): boolean {
  if (head.length < 64 || head.readUInt32BE(0) !== 0x7f454c46) return false;
  const isWide = head[4] === 2;
  const is = head[5] === 1 ? 'LE' : 'BE';
  const start = isWide ? Number(head[`readBigUInt64${is}`](32)) : head[`readUInt32${is}`](28);
  const size = head[`readUInt16${is}`](isWide ? 54 : 42);
  const count = head[`readUInt16${is}`](isWide ? 56 : 44);
  for (let at = 0; at < count; at++) {
    const place = start + at * size;
    if (place + 4 > head.length) return false;
    if (head[`readUInt32${is}`](place) === interpreterSegment) return false;
  }
  return count > 0;
}
