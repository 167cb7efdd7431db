// index.json: which images the store has, and under which names. Pure; reading and writing are in image-catalog.ts.
//
// Every entry is a manifest for one platform. Its name is the annotation that OCI tools know; one entry a name and
// platform. An entry without a name is an image whose last name went elsewhere: it stays until it is pruned. Entries
// that another tool wrote are kept as they are.

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
  const manifests = expectArray(parseJsonObject(bytes, where)['manifests'], where);
  for (const [at, value] of manifests.entries()) {
    const descriptor = parseDescriptor(value, `${where}: manifests[${at}]`);
    const { digest, size, annotations } = descriptor;
    const rendered = annotations?.[renditionKey];
    const entry = toEntry(descriptor);
    if (rendered !== undefined) renditions.set(rendered, { digest, size });
    else if (entry) entries.push(entry);
    else foreign.push(descriptor);
  }
  const complete = entries.map((entry) => {
    const rendition = renditions.get(entry.digest);
    return rendition ? { ...entry, rendition } : entry;
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
  const manifests = [...entries.flatMap(formatEntry), ...foreign];
  return `${JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests }, undefined, 2)}\n`;
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

function withoutName({ name: _, ...rest }: ImageEntry): ImageEntry {
  return rest;
}
