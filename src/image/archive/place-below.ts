// The members of a tar, as `tcrun tar` writes it, below a directory: for the files of several images in one archive.

import { TcError } from '../../base/error.ts';
import { tarPadding } from './tar-write.ts';

const block = 512;
const nameRoom = 100;

/** Without the end of the archive, which is the caller's. `directory`: a plain name. */
export async function* placeBelow(
  chunks: AsyncIterable<Uint8Array>,
  directory: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = new BlockReader(chunks);
  try {
    yield formatMember(makeDirectory(), new Map([['path', Buffer.from(`${directory}/`)]]));
    let records: Records = new Map();
    for (;;) {
      const header = await reader.block();
      if (header === undefined) return;
      // Of the end of the archive the rest is read: who writes it is not to be cut off.
      if (header[0] === 0) continue;
      const size = readSize(header, records);
      if (header.toString('latin1', 156, 157) === 'x') {
        const body = await reader.bytes(size + tarPadding(size).length);
        records = parseRecords(body.subarray(0, size));
        continue;
      }
      yield formatMember(header, below(directory, header, records));
      records = new Map();
      yield* reader.stream(size + tarPadding(size).length);
    }
  } finally {
    await reader.close();
  }
}

type Records = Map<string, Buffer>;

/** Paths in the extended header, whatever their length; hard links name a member of the archive, symlinks do not. */
function below(directory: string, header: Buffer, records: Records): Records {
  const changed = new Map(records);
  const place = (path: Buffer) => Buffer.concat([Buffer.from(`${directory}/`), path]);
  changed.set('path', place(records.get('path') ?? readName(header)));
  if (header.toString('latin1', 156, 157) === '1') {
    changed.set('linkpath', place(records.get('linkpath') ?? readText(header, 157)));
  }
  return changed;
}

const prefixPlace = 345;
const prefixRoom = 155;

function readName(header: Buffer): Buffer {
  const prefix = readText(header, prefixPlace, prefixRoom);
  const name = readText(header, 0);
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]);
}

function readText(header: Buffer, offset: number, room = nameRoom): Buffer {
  const field = header.subarray(offset, offset + room);
  const end = field.indexOf(0);
  return end === -1 ? field : field.subarray(0, end);
}

function readSize(header: Buffer, records: Records): number {
  return Number(records.get('size') ?? Number.parseInt(header.toString('latin1', 124, 135), 8));
}

/** `LENGTH KEY=VALUE\n`, where the length counts itself. */
function parseRecords(bytes: Buffer): Records {
  const records: Records = new Map();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(' ', at);
    const end = at + Number(bytes.toString('latin1', at, space));
    const equals = bytes.indexOf('=', space);
    records.set(bytes.toString('utf8', space + 1, equals), bytes.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

function formatMember(header: Buffer, records: Records): Buffer {
  const own = Buffer.from(header);
  own.fill(0, prefixPlace, prefixPlace + prefixRoom);
  const kept = new Map(records);
  for (const [key, offset] of [
    ['path', 0],
    ['linkpath', 157],
  ] as const) {
    const value = kept.get(key);
    if (value === undefined) continue;
    own.fill(0, offset, offset + nameRoom);
    value.copy(own, offset, 0, nameRoom);
    if (value.length <= nameRoom && value.every((byte) => byte < 0x80)) kept.delete(key);
  }
  writeChecksum(own);
  if (kept.size === 0) return own;
  const body = Buffer.concat([...kept].map(([key, value]) => formatRecord(key, value)));
  const extension = Buffer.from(makeDirectory());
  extension.write('PaxHeaders/x', 0, 'latin1');
  extension.write('x', 156, 'latin1');
  extension.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  writeChecksum(extension);
  return Buffer.concat([extension, body, tarPadding(body.length), own]);
}

function formatRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function makeDirectory(): Buffer {
  const header = Buffer.alloc(block);
  const octal = (value: number, offset: number, room: number) =>
    header.write(`${value.toString(8).padStart(room - 1, '0')}\0`, offset, 'latin1');
  octal(0o755, 100, 8);
  for (const offset of [108, 116, 329, 337]) octal(0, offset, 8);
  for (const offset of [124, 136]) octal(0, offset, 12);
  header.write('5', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  return header;
}

function writeChecksum(header: Buffer): void {
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}

class BlockReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Undefined: the end. */
  async block(): Promise<Buffer | undefined> {
    return (await this.#fill()) ? this.bytes(block) : undefined;
  }

  async bytes(size: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.stream(size)) parts.push(part);
    const [only] = parts;
    return only && parts.length === 1 ? only : Buffer.concat(parts);
  }

  async *stream(size: number): AsyncGenerator<Buffer> {
    for (let left = size; left > 0; ) {
      if (!(await this.#fill())) throw torn();
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  /** What is not read any more ends whoever writes it. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  /** False: there is nothing left. */
  async #fill(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return false;
      this.#rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    return true;
  }
}

function torn(): TcError {
  return new TcError('the tar of an image ends too early', { code: 'damaged-store', kind: 'environment' });
}
