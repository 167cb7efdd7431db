// `docker-archive:`, `oci-archive:` and `oci:` in `image:`. An archive is read once; afterwards a record of which file it
// was answers, so that an `up` with nothing to do does not read it again.

import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { parseImageConfiguration } from '../config.ts';
import { ignoreAbsent } from '../content/files.ts';
import type { ImageEntry } from '../content/image-index.ts';
import { type StoreContext, withLease } from '../context.ts';
import { type Descriptor, documentLimit, malformed } from '../descriptor.ts';
import { type Digest, digestOf, isDigest } from '../digest.ts';
import { formatPlatform, type Platform } from '../platform.ts';
import type { OnImageEvent } from '../progress.ts';
import { formatReference, type ImageReference, parseRegistryReference } from '../reference.ts';
import type { DescribedImage } from '../resolve.ts';
import {
  type ArchiveContent,
  type ArchivedImage,
  listDockerArchive,
  readDockerImage,
} from './docker-archive.ts';
import { addImage, withArchive } from './load.ts';
import {
  chooseEntry,
  type LayoutReader,
  listLayout,
  readLayoutArchive,
  readLayoutDirectory,
  readLayoutImage,
} from './oci-layout.ts';

type DockerArchiveReference = Extract<ImageReference, { kind: 'docker-archive' }>;

export type ArchiveReference = DockerArchiveReference | Extract<ImageReference, { name?: string }>;

export interface ResolveArchiveRequest {
  readonly text: string;
  /** Absolute. */
  readonly path: string;
  readonly platform: Platform;
  readonly on?: OnImageEvent | undefined;
  readonly signal?: AbortSignal | undefined;
}

export async function resolveArchive(
  context: StoreContext,
  reference: ArchiveReference,
  request: ResolveArchiveRequest,
): Promise<ImageEntry> {
  const found = await findLoaded(context, reference, request);
  if (found.entry) return found.entry;
  const { text, on = () => undefined, signal } = request;
  const entry = await withLease(context, () =>
    withImage(context, reference, request, async (image) => {
      // Without its names: using an archive must not move a tag.
      const [added] = await addImage(context, { ...image, names: [] }, { what: text, on, signal });
      return added as ImageEntry;
    }),
  );
  await writeFile(found.record, formatRecord(found.status, entry.digest));
  return entry;
}

/** Looks into the archive, unless it was loaded before. */
export async function describeArchive(
  context: StoreContext,
  reference: ArchiveReference,
  request: ResolveArchiveRequest,
): Promise<DescribedImage> {
  const { entry } = await findLoaded(context, reference, request);
  const where = `config of ${request.text}`;
  const known = entry && (await context.content.readDocument(entry.imageId));
  if (entry && known) return { id: entry.imageId, config: parseImageConfiguration(known, where).config };
  await context.prepare();
  return withImage(context, reference, request, async ({ manifest, source }) => {
    const bytes = await readBlob(source(manifest.config)(0), manifest.config, where);
    return { id: manifest.config.digest, config: parseImageConfiguration(bytes, where).config };
  });
}

async function readBlob(
  chunks: AsyncIterable<Uint8Array>,
  blob: Descriptor,
  where: string,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    size += chunk.length;
    if (size > documentLimit) throw malformed(where, 'it is too large');
  }
  const bytes = Buffer.concat(parts);
  if (digestOf(bytes) !== blob.digest) throw malformed(where, 'its digest is another');
  return bytes;
}

interface Loaded {
  readonly record: string;
  readonly status: BigIntStats;
  /** Undefined: this file was not loaded yet. */
  readonly entry?: ImageEntry;
}

async function findLoaded(
  context: StoreContext,
  reference: ArchiveReference,
  request: ResolveArchiveRequest,
): Promise<Loaded> {
  // Of a layout the index says what is in it; it is replaced when that changes.
  const witness = reference.kind === 'oci' ? join(request.path, 'index.json') : request.path;
  const status = await stat(witness, { bigint: true }).catch((cause) => {
    throw unreadable(request, witness, cause);
  });
  const record = recordPath(context, reference, request);
  const known = await readRecord(record, status);
  if (!known) return { record, status };
  const { entries } = await context.catalog.read();
  const entry = entries.find((each) => each.digest === known);
  return entry ? { record, status, entry } : { record, status };
}

function recordPath(
  context: StoreContext,
  reference: ArchiveReference,
  request: ResolveArchiveRequest,
): string {
  const key = JSON.stringify([{ ...reference, path: request.path }, formatPlatform(request.platform)]);
  return join(context.layout.archives, createHash('sha256').update(key).digest('hex'));
}

/** Changes whenever the file is replaced or written to. */
function formatIdentity(found: BigIntStats): string {
  return [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ');
}

function formatRecord(found: BigIntStats, manifest: Digest): string {
  return `${formatIdentity(found)}\n${manifest}\n`;
}

async function readRecord(path: string, found: BigIntStats): Promise<Digest | undefined> {
  const text = await readFile(path, 'utf8').catch(ignoreAbsent);
  const [identity, digest] = text?.split('\n') ?? [];
  return identity === formatIdentity(found) && isDigest(digest) ? digest : undefined;
}

/** Opens the archive, and lends the one image that the reference means. */
function withImage<T>(
  context: StoreContext,
  reference: ArchiveReference,
  request: ResolveArchiveRequest,
  use: (image: ArchivedImage) => Promise<T>,
): Promise<T> {
  const { text, path, platform } = request;
  const fromLayout = async (reader: LayoutReader, name: string | undefined) =>
    use(await readLayoutImage(reader, chooseEntry(await listLayout(reader), name, text), platform));
  if (reference.kind === 'oci') return fromLayout(readLayoutDirectory(path, text), reference.name);
  return withArchive(context, path, text, async (archive) =>
    reference.kind === 'docker-archive'
      ? use(await chooseDockerImage(archive, reference))
      : fromLayout(readLayoutArchive(archive), reference.name),
  );
}

async function chooseDockerImage(
  archive: ArchiveContent,
  reference: DockerArchiveReference,
): Promise<ArchivedImage> {
  const items = await listDockerArchive(archive);
  const { name, index } = reference;
  const wanted = name && formatReference(name);
  const fits = items.filter((item, at) => {
    if (index !== undefined) return at === index;
    return (
      wanted === undefined ||
      item.names.some((each) => formatReference(parseRegistryReference(each)) === wanted)
    );
  });
  const [first] = fits;
  if (first && fits.length === 1) return readDockerImage(archive, first);
  const names = items.flatMap((item) => item.names);
  throw new TcError(first ? `${archive.what} holds several images` : `${archive.what} has no such image`, {
    code: 'no-such-image',
    hints: [
      names.length > 0
        ? `it has: ${names.join(', ')}; write the name after the path and a colon`
        : `it has ${items.length} images without names; write @0, @1, ... after the path and a colon`,
    ],
  });
}

function unreadable(request: ResolveArchiveRequest, path: string, cause: NodeJS.ErrnoException): TcError {
  return new TcError(`${request.text}: ${path} cannot be read: ${cause.code}`, {
    code: 'no-such-archive',
    hints: ['relative paths count from the directory of the Compose file'],
    cause,
  });
}
