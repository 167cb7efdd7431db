// A program for linux/arm64, so small that it can be written by hand: it writes a file and ends.

const origin = 0x400000;
const headers = 64 + 56;

const movz = (register: number, value: number) => (0xd2800000 | (value << 5) | register) >>> 0;
/** -1 - value. */
const movn = (register: number, value: number) => (0x92800000 | (value << 5) | register) >>> 0;
/** The address `distance` bytes from here. */
const adr = (register: number, distance: number) =>
  (0x10000000 | ((distance & 3) << 29) | ((distance >> 2) << 5) | register) >>> 0;
const svc = 0xd4000001;

export function assembleWriter(path: string, content: string): Buffer {
  const texts = Buffer.from(`${path}\0${content}`);
  const count = 13;
  const distance = (at: number, offset: number) => (count - at) * 4 + offset;
  const code = [
    ...[movn(0, 99), adr(1, distance(1, 0)), movz(2, 0o101), movz(3, 0o644), movz(8, 56), svc],
    ...[adr(1, distance(6, path.length + 1)), movz(2, content.length), movz(8, 64), svc],
    ...[movz(0, 0), movz(8, 93), svc],
  ];
  const body = Buffer.alloc(code.length * 4);
  for (const [at, word] of code.entries()) body.writeUInt32LE(word, at * 4);
  const size = headers + body.length + texts.length;
  return Buffer.concat([fileHeader(), segment(size), body, texts]);
}

function fileHeader(): Buffer {
  const header = Buffer.alloc(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(183, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(origin + headers), 24);
  header.writeBigUInt64LE(64n, 32);
  for (const [value, at] of [
    [64, 52],
    [56, 54],
    [1, 56],
    [64, 58],
  ] as const)
    header.writeUInt16LE(value, at);
  return header;
}

/** All of the file, readable and executable. */
function segment(size: number): Buffer {
  const header = Buffer.alloc(56);
  header.writeUInt32LE(1, 0);
  header.writeUInt32LE(5, 4);
  for (const [value, at] of [
    [origin, 16],
    [origin, 24],
    [size, 32],
    [size, 40],
    [0x1000, 48],
  ] as const)
    header.writeBigUInt64LE(BigInt(value), at);
  return header;
}
