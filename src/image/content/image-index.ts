// index.json: which images the store has, and under which names. Pure; reading and writing are in catalog.ts.
//
// Every entry is a manifest for one platform. Its name is the annotation that OCI tools know; one entry a name and
// platform. An entry without a name is an image whose last name went elsewhere: it stays until it is pruned. Before the
// entries of a name stands the image index that they make up, if all of it is here: other tools take the first of a
// name. Entries that another tool wrote are kept as they are.

import { type Descriptor, expectArray, parseDescriptor, parseJsonObject } from '../descriptor.ts';
import { type Digest, isDigest } from '../digest.ts';
import { ociIndex, ociManifest } from '../media-type.ts';
import { formatPlatform, type Platform } from '../platform.ts';

export interface ImageEntry {
  readonly mediaType: string;
  /** Of the manifest. */
  readonly digest: Digest;
  /** Bytes of the manifest. */
  readonly manifestSize: number;
  readonly platform: Platform;
  /** Fully written out, with a tag or a digest: `docker.io/library/mysql:5.7`. */
  readonly name?: string;
  /** Digest of the config: the image id. */
  readonly imageId: Digest;
  /** What the name stood for in the registry: the manifest's own digest, or the index's that it was chosen from. */
  readonly sourceDigest: Digest;
  /** RFC 3339: when the name was last pulled, loaded, built or given. */
  readonly tagged: string;
  /** The same manifest in OCI's words, if it is one of Docker's: tools that know only those find the image by it. */
  readonly rendition?: Rendition;
  /** What the name stands for, if that is an image index all of whose images are here under this name. */
  readonly index?: WholeIndex;
}

export interface WholeIndex {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes of the document. */
  readonly size: number;
  /** Of its images, in its order. */
  readonly manifests: readonly Digest[];
}

export interface Rendition {
  readonly digest: Digest;
  readonly size: number;
}

const nameKey = 'org.opencontainers.image.ref.name';
const idKey = 'io.tcompose.image.id';
const sourceKey = 'io.tcompose.source.digest';
const taggedKey = 'io.tcompose.tagged';
/** Marks a rendition; its value is the digest of the manifest that it renders. */
const renditionKey = 'io.tcompose.rendition.of';
/** Marks an index; its value is the digests of the manifests that it is made of. */
const indexKey = 'io.tcompose.index.of';

export interface StoredIndex {
  readonly entries: readonly ImageEntry[];
  /** Descriptors that another tool put here. */
  readonly foreign: readonly Descriptor[];
}

export function parseImageIndex(bytes: Uint8Array, path: string): StoredIndex {
  const where = `image index ${path}`;
  const entries: ImageEntry[] = [];
  const foreign: Descriptor[] = [];
  const renditions = new Map<string, Rendition>();
  const indexes = new Map<string, WholeIndex>();
  const manifests = expectArray(parseJsonObject(bytes, where)['manifests'], where);
  for (const [at, value] of manifests.entries()) {
    const descriptor = parseDescriptor(value, `${where}: manifests[${at}]`);
    const { digest, size, annotations, mediaType } = descriptor;
    const rendered = annotations?.[renditionKey];
    const members = annotations?.[indexKey]?.split(',').filter(isDigest);
    const entry = toEntry(descriptor);
    if (rendered !== undefined) renditions.set(rendered, { digest, size });
    else if (members)
      indexes.set(annotations?.[nameKey] ?? '', { mediaType, digest, size, manifests: members });
    else if (entry) entries.push(entry);
    else foreign.push(descriptor);
  }
  const complete = entries.map((entry) => {
    const rendition = renditions.get(entry.digest);
    const index = indexes.get(entry.name ?? '');
    const isMember = index?.manifests.includes(entry.digest);
    return { ...entry, ...(rendition && { rendition }), ...(isMember && { index }) };
  });
  return { entries: complete, foreign };
}

function toEntry(descriptor: Descriptor): ImageEntry | undefined {
  const { annotations = {}, platform, mediaType, digest, size } = descriptor;
  const imageId = annotations[idKey];
  const sourceDigest = annotations[sourceKey];
  if (platform === undefined || !isDigest(imageId) || !isDigest(sourceDigest)) return undefined;
  const name = annotations[nameKey];
  const tagged = annotations[taggedKey] ?? '';
  return {
    mediaType,
    digest,
    manifestSize: size,
    platform,
    ...(name ? { name } : {}),
    imageId,
    sourceDigest,
    tagged,
  };
}

export function formatImageIndex({ entries, foreign }: StoredIndex): string {
  const manifests = [...listWholeIndexes(entries), ...entries.flatMap(formatEntry), ...foreign];
  return `${JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests }, undefined, 2)}\n`;
}

/** Of an index that lacks an image nothing is said: the name stands for what is left of it. */
function listWholeIndexes(entries: readonly ImageEntry[]): object[] {
  const found = new Map<string, object>();
  for (const { name, index } of entries) {
    if (name === undefined || index === undefined || !isWhole(entries, name, index)) continue;
    const { manifests, ...descriptor } = index;
    const annotations = { [nameKey]: name, [indexKey]: manifests.join(',') };
    found.set(name, { ...descriptor, annotations });
  }
  return [...found.values()];
}

function isWhole(entries: readonly ImageEntry[], name: string, { manifests }: WholeIndex): boolean {
  return manifests.every((digest) => entries.some((each) => each.name === name && each.digest === digest));
}

function formatEntry(entry: ImageEntry): object[] {
  const { mediaType, digest, manifestSize: size, platform, rendition } = entry;
  const named = entry.name === undefined ? {} : { [nameKey]: entry.name };
  const annotations = {
    ...named,
    [idKey]: entry.imageId,
    [sourceKey]: entry.sourceDigest,
    [taggedKey]: entry.tagged,
  };
  const own = { mediaType, digest, size, platform, annotations };
  if (!rendition) return [own];
  const rendered = {
    mediaType: ociManifest,
    ...rendition,
    platform,
    annotations: { ...named, [renditionKey]: digest },
  };
  return [own, rendered];
}

/** Whether two say the same of the same names, but for when they were given. */
export function isSameIndex(one: readonly ImageEntry[], other: readonly ImageEntry[]): boolean {
  return one === other || (one.length === other.length && describeEntries(one) === describeEntries(other));
}

function describeEntries(entries: readonly ImageEntry[]): string {
  const lines = entries.map((entry) => JSON.stringify(formatEntry({ ...entry, tagged: '' })));
  const indexes = listWholeIndexes(entries).map((index) => JSON.stringify(index));
  return [...lines.sort(), ...indexes.sort()].join('\n');
}

const slot = (entry: ImageEntry) => `${entry.name} ${formatPlatform(entry.platform)}`;

/** Gives `entry` its name; an image that loses its last name thereby stays without one. */
export function mergeEntry(entries: readonly ImageEntry[], entry: ImageEntry): readonly ImageEntry[] {
  if (entry.name === undefined && entries.some((each) => each.digest === entry.digest)) return entries;
  const displaced = entries.filter((each) => each.name !== undefined && slot(each) === slot(entry));
  const kept = entries.filter(
    (each) => !displaced.includes(each) && !(each.name === undefined && each.digest === entry.digest),
  );
  const nameless = displaced
    .filter((each) => ![...kept, entry].some((other) => other.digest === each.digest))
    .map(withoutName);
  return [...kept, ...nameless, entry];
}

/**
 * From now on `name` stands for these images, one a platform, and no other. If they are part of the index that it stands
 * for, nothing has changed about that.
 */
export function giveName(
  entries: readonly ImageEntry[],
  images: readonly ImageEntry[],
  name: string,
): readonly ImageEntry[] {
  const digests = new Set(images.map(({ digest }) => digest));
  const own = (each: ImageEntry) => each.name === name;
  const isPart = entries.some(
    (each) => own(each) && [...digests].every((digest) => each.index?.manifests.includes(digest)),
  );
  const merged = images.reduce((all, image) => mergeEntry(all, { ...image, name }), entries);
  if (isPart && images.every(({ index }) => index === undefined)) return merged;
  const others = merged.filter((each) => own(each) && !digests.has(each.digest));
  const kept = merged.filter((each) => !others.includes(each));
  const nameless = others.filter(({ digest }) => !kept.some((each) => each.digest === digest));
  return [...kept, ...nameless.map(withoutName)];
}

/** Takes a name away, on every platform. With `keep` an image that has no other stays without one. */
export function removeName(
  entries: readonly ImageEntry[],
  name: string,
  { keep }: { readonly keep: boolean },
): ImageEntry[] {
  const kept = entries.filter((each) => each.name !== name);
  if (!keep) return kept;
  const nameless = entries
    .filter((each) => each.name === name && !kept.some((other) => other.digest === each.digest))
    .map(withoutName);
  return [...kept, ...nameless];
}

function withoutName({ name: _, index: __, ...rest }: ImageEntry): ImageEntry {
  return rest;
}
