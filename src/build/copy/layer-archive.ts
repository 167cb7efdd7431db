// The entries of a layer as a tar stream, and as a digest that says whether two would be the same but for their times.

import { createHash } from 'node:crypto';
import { TcError } from '../../base/error.ts';
import { sha256 } from '../../base/sha256.ts';
import type { Tree, TreeEntry } from '../tree/tree.ts';
import type { DigestMemory } from './digest-memory.ts';
import { gather } from './gather.ts';
import type { LayerEntry } from './layer-entry.ts';
import { endOfArchive, formatTarMember, padding, type TarMember } from './tar-member.ts';

const types: Readonly<Record<LayerEntry['type'], TarMember['type']>> = {
  file: '0',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
  socket: '0',
};

/** `latest`: seconds; no member says that it is younger. */
export function archiveEntries(
  entries: readonly LayerEntry[],
  latest = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  return gather(listPieces(entries, latest));
}

async function* listPieces(entries: readonly LayerEntry[], latest: number): AsyncGenerator<Uint8Array> {
  const links = new LinkFinder();
  for (const entry of entries) {
    const first = links.find(entry);
    const member = describe(entry, first, latest);
    yield formatTarMember(member);
    if (member.type !== '0' || entry.source === undefined) continue;
    yield* readWhole(entry, member.size);
    yield padding(member.size);
  }
  yield endOfArchive;
}

function describe(entry: LayerEntry, first: string | undefined, latest: number): TarMember {
  const { path, type, mode, uid, gid, mtime, target = '', device, source } = entry;
  const isLink = first !== undefined;
  return {
    name: type === 'directory' ? `${path}/` : path,
    type: isLink ? '1' : types[type],
    ...{ mode, uid, gid },
    size: isLink || type !== 'file' ? 0 : (source?.entry.size ?? 0),
    mtime: Math.max(0, Math.floor(Math.min(mtime, latest))),
    link: first ?? target,
    major: device?.major ?? 0,
    minor: device?.minor ?? 0,
    attributes: isLink || source === undefined ? [] : source.tree.attributes(source.entry),
  };
}

/** A member must have the size that its header says. */
async function* readWhole({ source, path }: LayerEntry, size: number): AsyncGenerator<Uint8Array> {
  if (source === undefined) return;
  let left = size;
  for await (const chunk of source.tree.read(source.entry)) {
    left -= chunk.length;
    if (left < 0) break;
    yield chunk;
  }
  if (left === 0) return;
  throw new TcError(`${source.tree.name}: ${source.entry.path || path} changed while it was read`, {
    code: 'build-source',
    hints: ['run the command again when nothing changes the files'],
  });
}

/** Several names of one file stay one file, if one source has them all. */
class LinkFinder {
  readonly #first = new Map<string, string>();

  /** The name under which the file was met before. */
  find({ path, type, source }: LayerEntry): string | undefined {
    const inode = type === 'file' ? source?.entry.inode : undefined;
    if (inode === undefined || source === undefined) return undefined;
    const key = `${source.copy} ${inode}`;
    const first = this.#first.get(key);
    if (first === undefined) this.#first.set(key, path);
    return first;
  }
}

/** Hex. Covers names, kinds, owners, modes, attributes and content; no times. */
export async function digestEntries(entries: readonly LayerEntry[], memory: DigestMemory): Promise<string> {
  const links = new LinkFinder();
  let text = '';
  for (const entry of entries) {
    const { path, type, mode, uid, gid, target, device, source } = entry;
    const first = links.find(entry);
    const attributes = source?.tree
      .attributes(source.entry)
      .map(({ name, value }) => [name, Buffer.from(value).toString('base64')]);
    const content = type === 'file' && first === undefined ? await digestFile(entry, memory) : '';
    text += JSON.stringify([path, type, mode, uid, gid, target, device, first, attributes, content]);
  }
  return sha256(text);
}

async function digestFile({ source }: LayerEntry, memory: DigestMemory): Promise<string> {
  if (source === undefined) return '';
  const { tree, entry } = source;
  const known = memory.find(tree, entry);
  if (known !== undefined) return known;
  const digest = await hashContent(tree, entry);
  memory.add(tree, entry, digest);
  return digest;
}

/** Bytes: what is no larger is in memory at once. */
const smallSize = 256 * 1024;

async function hashContent(tree: Tree, entry: TreeEntry): Promise<string> {
  const chunks: Uint8Array[] = [];
  if (entry.size <= smallSize) {
    for await (const chunk of tree.read(entry)) chunks.push(chunk);
    return sha256(...chunks);
  }
  const hash = createHash('sha256');
  for await (const chunk of tree.read(entry)) hash.update(chunk);
  return hash.digest('hex');
}
