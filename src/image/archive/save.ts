// `image save`. Both formats are OCI image layouts in a tar. `docker-archive` has plain layers and the manifest.json that
// `docker load` of every age reads, for one platform; `oci-archive` has the blobs as they are stored, so that all digests
// stay, and of an image for several platforms all of them.

import { TcError } from '../../base/error.ts';
import type { ImageEntry, WholeIndex } from '../content/image-index.ts';
import type { StoreContext } from '../context.ts';
import type { Descriptor } from '../descriptor.ts';
import { chainIds, type Digest, digestOf, hexOf } from '../digest.ts';
import { isName, listMembers, readIndex, readManifest, requireImage, requirePlatform } from '../images.ts';
import { decompress } from '../layer/decompress.ts';
import { formatManifest, type ImageManifest } from '../manifest.ts';
import { ociConfig, ociIndex, ociLayer, ociManifest } from '../media-type.ts';
import type { Platform } from '../platform.ts';
import { formatFamiliarReference, parseRegistryReference } from '../reference.ts';
import { readConfiguration } from '../resolve.ts';
import { formatTarHeader, tarEnd, tarPadding } from './tar-write.ts';

export type ArchiveFormat = 'docker-archive' | 'oci-archive';

interface Member {
  readonly name: string;
  readonly size: number;
  readonly content: () => AsyncIterable<Uint8Array>;
}

interface SavedImage {
  readonly members: readonly Member[];
  /** Entry of index.json. */
  readonly manifest: Descriptor;
  /** Of manifest.json. */
  readonly item: {
    readonly Config: string;
    readonly RepoTags: readonly string[];
    readonly Layers: readonly string[];
  };
}

/** The bytes of the archive. Names that mean the same image make one image with several names. */
export async function* saveImages(
  context: StoreContext,
  texts: readonly string[],
  format: ArchiveFormat,
  platform?: Platform,
): AsyncGenerator<Uint8Array, void, undefined> {
  const lease = await context.lease();
  try {
    const images = await collectImages(context, texts, { format, platform });
    const written = new Set<string>();
    for (const member of images.flatMap((image) => image.members)) {
      if (written.has(member.name)) continue;
      written.add(member.name);
      yield* writeMember(member);
    }
    const documents = [
      document('oci-layout', { imageLayoutVersion: '1.0.0' }),
      document('index.json', formatSavedIndex(images)),
      ...(format === 'docker-archive'
        ? [
            document(
              'manifest.json',
              images.map((image) => image.item),
            ),
          ]
        : []),
    ];
    for (const each of documents) yield* writeMember(each);
    yield tarEnd;
  } finally {
    await lease.release();
  }
}

async function collectImages(
  context: StoreContext,
  texts: readonly string[],
  { format, platform }: { readonly format: ArchiveFormat; readonly platform: Platform | undefined },
): Promise<SavedImage[]> {
  const { entries } = await context.catalog.read();
  const names = new Map<Digest, Set<string>>();
  const found = new Map<Digest, FoundImage>();
  for (const text of texts) {
    const entry = platform ? requirePlatform(entries, text, platform) : requireImage(entries, text);
    const byName = isName(entries, text);
    const index = format === 'oci-archive' && !platform && byName ? entry.index : undefined;
    const { digest } = index ?? entry;
    found.set(digest, { entry, ...(index && { index, members: listMembers(entries, entry) }) });
    const known = names.get(digest) ?? new Set();
    names.set(digest, known);
    // Asked for by its id, an image is saved without a name, as by Docker.
    if (entry.name !== undefined && byName && !entry.name.includes('@')) known.add(entry.name);
  }
  return Promise.all(
    [...found].map(([digest, { entry, index, members = [] }]) => {
      const own = [...(names.get(digest) ?? [])];
      return index ? describeIndex(context, index, members, own) : describe(context, entry, own, format);
    }),
  );
}

/** With `index`: all of that. */
interface FoundImage {
  readonly entry: ImageEntry;
  readonly index?: WholeIndex;
  readonly members?: readonly ImageEntry[];
}

/** As it is stored, with all of its images. */
async function describeIndex(
  context: StoreContext,
  { mediaType, digest, size }: WholeIndex,
  members: readonly ImageEntry[],
  names: readonly string[],
): Promise<SavedImage> {
  const images = await Promise.all(members.map((entry) => describe(context, entry, names, 'oci-archive')));
  const { bytes } = await readIndex(context, digest, mediaType);
  const document = { name: blobName(digest), size, content: () => once(bytes) };
  const [{ item } = { item: { Config: '', RepoTags: [], Layers: [] } }] = images;
  return {
    members: [...images.flatMap((image) => image.members), document],
    manifest: { mediaType, digest, size, annotations: names[0] === undefined ? {} : annotate(names[0]) },
    item,
  };
}

async function describe(
  context: StoreContext,
  entry: ImageEntry,
  names: readonly string[],
  format: ArchiveFormat,
): Promise<SavedImage> {
  const what = names[0] ?? entry.imageId;
  const stored = await readManifest(context, entry, what);
  const { diffIds } = await readConfiguration(context, entry, what);
  const chain = chainIds(diffIds);
  const isPlain = format === 'docker-archive';
  const layers = await Promise.all(
    stored.layers.map((blob, at) =>
      isPlain
        ? plainLayer(context, blob, { diffId: diffIds[at] as Digest, chainId: chain[at] as Digest })
        : storedBlob(context, blob),
    ),
  );
  const manifest: ImageManifest = isPlain
    ? {
        kind: 'manifest',
        mediaType: ociManifest,
        config: { ...stored.config, mediaType: ociConfig },
        layers: layers.map(({ descriptor }) => descriptor),
      }
    : stored;
  const bytes = isPlain ? formatManifest(manifest) : await context.content.readDocument(entry.digest);
  if (!bytes) throw gone(entry.digest);
  const config = storedBlob(context, manifest.config);
  const manifestMember = { name: blobName(digestOf(bytes)), size: bytes.length, content: () => once(bytes) };
  return {
    members: [...layers.map(({ member }) => member), (await config).member, manifestMember],
    manifest: {
      mediaType: manifest.mediaType,
      digest: digestOf(bytes),
      size: bytes.length,
      platform: entry.platform,
      annotations: names[0] === undefined ? {} : annotate(names[0]),
    },
    item: {
      Config: blobName(manifest.config.digest),
      RepoTags: names.map((name) => formatFamiliarReference(parseRegistryReference(name))),
      Layers: manifest.layers.map((layer) => blobName(layer.digest)),
    },
  };
}

interface SavedBlob {
  readonly descriptor: Descriptor;
  readonly member: Member;
}

async function storedBlob(context: StoreContext, descriptor: Descriptor): Promise<SavedBlob> {
  const { digest, size } = descriptor;
  if (!(await context.content.has(digest))) throw gone(digest);
  return {
    descriptor,
    member: { name: blobName(digest), size, content: () => context.content.read(digest) },
  };
}

async function plainLayer(
  context: StoreContext,
  blob: Descriptor,
  { diffId, chainId }: { readonly diffId: Digest; readonly chainId: Digest },
): Promise<SavedBlob> {
  const { content } = (await storedBlob(context, blob)).member;
  const plain = () => decompress(content(), `layer ${blob.digest}`);
  // The header says the size before the content comes.
  const record = await context.layers.readRecord(chainId);
  const size = record?.tarSize ?? (await measure(plain()));
  return {
    descriptor: { mediaType: ociLayer, digest: diffId, size },
    member: { name: blobName(diffId), size, content: plain },
  };
}

async function measure(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const chunk of chunks) size += chunk.length;
  return size;
}

const refName = 'org.opencontainers.image.ref.name';
const containerdName = 'io.containerd.image.name';

function annotate(name: string): Record<string, string> {
  return { [containerdName]: name, [refName]: name };
}

/** One entry for every name; the specification knows no list of them. */
function formatSavedIndex(images: readonly SavedImage[]): object {
  const manifests = images.flatMap(({ manifest, item }) => {
    const names = item.RepoTags.map((tag) => ({ ...manifest, annotations: annotate(fullName(tag)) }));
    return names.length > 0 ? names : [manifest];
  });
  return { schemaVersion: 2, mediaType: ociIndex, manifests };
}

function fullName(tag: string): string {
  const { domain, repository, tag: name } = parseRegistryReference(tag);
  return `${domain}/${repository}:${name}`;
}

function blobName(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

function document(name: string, value: unknown): Member {
  const bytes = Buffer.from(JSON.stringify(value));
  return { name, size: bytes.length, content: () => once(bytes) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* writeMember({ name, size, content }: Member): AsyncGenerator<Uint8Array> {
  yield formatTarHeader(name, size);
  let written = 0;
  for await (const chunk of content()) {
    written += chunk.length;
    if (written <= size) yield chunk;
  }
  if (written !== size) {
    throw new TcError(`the archive is broken: ${name} has ${written} bytes instead of ${size}`, {
      code: 'damaged-store',
      kind: 'environment',
      hints: ['the image store is damaged: remove the image and pull or load it again'],
    });
  }
  yield tarPadding(size);
}

function gone(digest: Digest): TcError {
  return new TcError(`the image store is damaged: blob ${digest} is missing`, {
    code: 'damaged-store',
    kind: 'environment',
    hints: ['remove the image and pull or load it again'],
  });
}
