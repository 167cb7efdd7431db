// ADD takes archives apart: plain tar, and what gzip, bzip2, xz and zstd made of it.

import { spawn } from 'node:child_process';
import zlib from 'node:zlib';
import { TcError } from '../../base/error.ts';
import { decompress, detectCompression } from '../../image/layer/decompress.ts';
import { type CopyOrder, planCopy } from '../copy/plan-copy.ts';
import { DirectoryTree } from '../tree/directory-tree.ts';
import type { Tree, TreeEntry } from '../tree/tree.ts';
import type { Workshop } from './workshop.ts';

type Unpack = NonNullable<CopyOrder['unpack']>;

/** Decides by the content, not by the name, as Docker does. */
export function unpackArchive(workshop: Workshop): Unpack {
  return async (entry, order) => {
    const { tree } = order;
    if (!(await isTar(tree, entry))) return false;
    const directory = await workshop.workspace();
    const what = `the archive ${entry.path} of ${tree.name}`;
    await workshop.store.unpack(plainBytes(tree, entry, what), directory, what);
    const attributes = (path: string) => workshop.options.native.readXattrs(path);
    const content = new DirectoryTree({ name: what, root: directory, isContext: false, attributes });
    // Modes are the archive's, and nothing of it is left out, whatever the flags say.
    const { unpack: _, chmod: __, ...rest } = order;
    await planCopy({ ...rest, tree: content, source: '', exclude: [], replaces: true });
    return true;
  };
}

const block = 512;

async function isTar(tree: Tree, entry: TreeEntry): Promise<boolean> {
  const head = await readHead(tree.read(entry), block);
  if (program(head) === undefined && detectCompression(head) === 'none') return isTarHeader(head);
  try {
    return isTarHeader(await readHead(plainBytes(tree, entry, entry.path), block));
  } catch (error) {
    // Something else that begins as a compressed file does.
    if (error instanceof TcError && error.code === 'corrupt-layer') return false;
    throw error;
  }
}

async function readHead(chunks: AsyncIterable<Uint8Array>, length: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    size += chunk.length;
    if (size >= length) break;
  }
  return Buffer.concat(parts).subarray(0, length);
}

/** By its check sum: older archives have no magic. */
function isTarHeader(header: Buffer): boolean {
  if (header.length < block || header[0] === 0) return false;
  const digits = header
    .toString('latin1', 148, 156)
    .replace(/[\0 ]+$/, '')
    .trim();
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  return /^[0-7]+$/.test(digits) && Number.parseInt(digits, 8) === sum;
}

/** What Node does not decompress itself. */
function program(head: Buffer): string | undefined {
  if (head.subarray(0, 3).toString('latin1') === 'BZh') return 'bzip2';
  if (head.subarray(0, 6).equals(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]))) return 'xz';
  const hasZstd = 'createZstdDecompress' in zlib;
  return detectCompression(head) === 'zstd' && !hasZstd ? 'zstd' : undefined;
}

async function* plainBytes(tree: Tree, entry: TreeEntry, what: string): AsyncGenerator<Uint8Array> {
  const name = program(await readHead(tree.read(entry), block));
  if (name === undefined) yield* decompress(tree.read(entry), what);
  else yield* filter(name, tree.read(entry), what);
}

async function* filter(
  name: string,
  input: AsyncIterable<Uint8Array>,
  what: string,
): AsyncGenerator<Uint8Array> {
  const child = spawn(name, ['-dc'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise<number | undefined>((resolve) => {
    child.on('error', () => resolve(undefined));
    child.on('close', (code) => resolve(code ?? 1));
  });
  child.stdin.on('error', () => undefined);
  const fed = feed(child.stdin, input);
  try {
    yield* child.stdout as AsyncIterable<Uint8Array>;
  } finally {
    child.kill();
    await fed;
  }
  const code = await ended;
  if (code === 0) return;
  throw new TcError(`${what} cannot be decompressed with ${name}`, {
    code: 'corrupt-layer',
    kind: 'environment',
    hints: [code === undefined ? `the program ${name} is not installed` : 'the file is broken'],
  });
}

async function feed(stdin: NodeJS.WritableStream, input: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of input) {
    if (!stdin.writable) return;
    if (!stdin.write(chunk)) {
      await new Promise<void>((resolve) => {
        stdin.once('drain', resolve);
        stdin.once('close', resolve);
      });
    }
  }
  stdin.end();
}
