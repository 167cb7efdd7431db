// Images in an OCI image layout (image-spec, image-layout.md), a directory or a tar of one.

import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import type { BlobSource } from '../content/content-store.ts';
import { chunkSize, ignoreAbsent } from '../content/files.ts';
import type { WholeIndex } from '../content/image-index.ts';
import {
  type Descriptor,
  documentLimit,
  expectArray,
  malformed,
  parseDescriptor,
  parseJsonObject,
} from '../descriptor.ts';
import { type Digest, digestOf, hexOf } from '../digest.ts';
import { chooseManifest, type ManifestDocument, parseManifest } from '../manifest.ts';
import { isIndexType, isManifestType } from '../media-type.ts';
import type { Platform } from '../platform.ts';
import type { ArchiveContent, ArchivedImage } from './docker-archive.ts';
import { findMember, readMember } from './tar-scan.ts';

/** Files of a layout, by their paths in it. */
export interface LayoutReader {
  readonly what: string;
  /** Undefined if it is not there. Small files only. */
  readDocument(path: string): Promise<Uint8Array | undefined>;
  has(path: string): Promise<boolean>;
  source(path: string): BlobSource;
}

export function readLayoutDirectory(directory: string, what: string): LayoutReader {
  return {
    what,
    async readDocument(path) {
      const file = join(directory, path);
      const { size } = (await stat(file).catch(ignoreAbsent)) ?? {};
      if (size === undefined) return undefined;
      if (size > documentLimit) throw malformed(what, `"${path}" is too large`);
      return readFile(file);
    },
    has: async (path) => (await stat(join(directory, path)).catch(ignoreAbsent)) !== undefined,
    source: (path) => (offset) =>
      createReadStream(join(directory, path), { start: offset, highWaterMark: chunkSize }),
  };
}

export function readLayoutArchive(archive: ArchiveContent): LayoutReader {
  const { file, members, what } = archive;
  return {
    what,
    async readDocument(path) {
      const member = findMember(members, path);
      if (!member) return undefined;
      if (member.size > documentLimit) throw malformed(what, `"${path}" is too large`);
      const chunks: Buffer[] = [];
      for await (const chunk of readMember(file, member)) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
    has: async (path) => findMember(members, path) !== undefined,
    source: (path) => (offset) => {
      const member = findMember(members, path);
      if (!member) throw missing(what, path);
      return readMember(file, member, offset);
    },
  };
}

export interface LayoutImage extends ArchivedImage {
  /** Of what the layout's index names: the manifest, or an index that it was chosen from. */
  readonly sourceDigest: Digest;
}

export interface LayoutEntry {
  readonly descriptor: Descriptor;
  readonly names: readonly string[];
}

const refName = 'org.opencontainers.image.ref.name';
/** Written by Docker and containerd beside the annotation of the specification, which then holds only the tag. */
const containerdName = 'io.containerd.image.name';

/** Entries of index.json; several names of one image come as one entry each. */
export async function listLayout(reader: LayoutReader): Promise<LayoutEntry[]> {
  const layout = await reader.readDocument('oci-layout');
  const bytes = await reader.readDocument('index.json');
  if (!layout || !bytes) throw missing(reader.what, layout ? 'index.json' : 'oci-layout');
  const version = parseJsonObject(layout, `oci-layout of ${reader.what}`)['imageLayoutVersion'];
  if (version !== '1.0.0') throw malformed(reader.what, `its layout version is ${JSON.stringify(version)}`);
  const where = `index.json of ${reader.what}`;
  return expectArray(parseJsonObject(bytes, where)['manifests'], where)
    .map((value, at) => parseDescriptor(value, `${where}: manifests[${at}]`))
    .filter(({ mediaType }) => isIndexType(mediaType) || isManifestType(mediaType))
    .map((descriptor) => {
      const { annotations = {} } = descriptor;
      const names = [annotations[containerdName], annotations[refName]].filter((name) => name !== undefined);
      return { descriptor, names };
    });
}

/** The one entry called `name`, or the only one there is. */
export function chooseEntry(
  entries: readonly LayoutEntry[],
  name: string | undefined,
  what: string,
): LayoutEntry {
  const fits = name === undefined ? entries : entries.filter((entry) => entry.names.includes(name));
  const [first] = fits;
  const isClear = fits.every((entry) => entry.descriptor.digest === first?.descriptor.digest);
  if (first && (isClear || name !== undefined)) return first;
  const all = entries.flatMap((entry) => entry.names);
  throw new TcError(
    first ? `${what} holds several images` : `${what} has no image${name ? ` "${name}"` : ''}`,
    {
      code: 'no-such-image',
      hints: [
        all.length > 0
          ? `it has: ${all.join(', ')}; write the name after the path and a colon`
          : 'its index is empty',
      ],
    },
  );
}

const deepestIndex = 3;

export async function readLayoutImage(
  reader: LayoutReader,
  entry: LayoutEntry,
  platform: Platform,
): Promise<LayoutImage> {
  const { what } = reader;
  let descriptor = entry.descriptor;
  for (let depth = 0; depth < deepestIndex; depth++) {
    const { document, bytes } = await readManifest(reader, descriptor);
    if (document.kind === 'manifest') {
      return {
        names: entry.names,
        manifest: document,
        manifestBytes: bytes,
        sourceDigest: entry.descriptor.digest,
        source: (blob) => reader.source(blobFile(blob.digest)),
      };
    }
    descriptor = chooseManifest(document, platform, what);
  }
  throw malformed(what, 'its indexes are nested too deep');
}

export interface LayoutIndex extends WholeIndex {
  readonly bytes: Uint8Array;
}

/** With all of its images, if the layout has them and they are for several platforms. */
export async function readWholeIndex(
  reader: LayoutReader,
  { descriptor, names }: LayoutEntry,
): Promise<{ readonly index: LayoutIndex; readonly images: readonly LayoutImage[] } | undefined> {
  if (!isIndexType(descriptor.mediaType)) return undefined;
  const { document, bytes } = await readManifest(reader, descriptor);
  if (document.kind !== 'index' || document.manifests.length < 2) return undefined;
  const images: LayoutImage[] = [];
  for (const member of document.manifests) {
    const isHere = await reader.has(blobFile(member.digest));
    if (member.platform === undefined || !isManifestType(member.mediaType) || !isHere) return undefined;
    images.push(await readLayoutImage(reader, { descriptor: member, names }, member.platform));
  }
  const { mediaType, digest } = descriptor;
  const manifests = document.manifests.map((member) => member.digest);
  return { index: { mediaType, digest, size: bytes.length, manifests, bytes }, images };
}

async function readManifest(
  reader: LayoutReader,
  descriptor: Descriptor,
): Promise<{ document: ManifestDocument; bytes: Uint8Array }> {
  const path = blobFile(descriptor.digest);
  const bytes = await reader.readDocument(path);
  if (!bytes) throw missing(reader.what, path);
  if (digestOf(bytes) !== descriptor.digest) throw malformed(reader.what, `"${path}" has another digest`);
  return { document: parseManifest(bytes, `manifest in ${reader.what}`, descriptor.mediaType), bytes };
}

function blobFile(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

function missing(what: string, path: string): TcError {
  return new TcError(`${what} is not an OCI image layout: "${path}" is missing`, {
    code: 'malformed-archive',
    hints: ['skopeo copy, podman save --format oci-archive and image save --format oci write such layouts'],
  });
}
