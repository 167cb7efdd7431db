// Artefacts other than images: a few small files below a manifest that says what they are (image-spec, manifest.md,
// "Guidelines for Artifact Usage"). They are held in memory, so they are bounded.

import { TcError } from '../../base/error.ts';
import {
  type Descriptor,
  expectArray,
  type JsonObject,
  malformed,
  optionalString,
  parseDescriptor,
  parseJsonObject,
} from '../descriptor.ts';
import { type Digest, digestOf } from '../digest.ts';
import { ociManifest } from '../media-type.ts';
import { formatReference, formatRepository, type RegistryReference } from '../reference.ts';
import { fetchBlob } from './blob-fetch.ts';
import { Registry } from './registry.ts';
import { manifestAsk } from './resolve-digest.ts';
import { readDocument } from './response.ts';
import type { RegistrySettings } from './settings.ts';
import { uploadBlob } from './upload.ts';

export interface ArtifactFile {
  readonly mediaType: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
}

export interface Artifact {
  readonly digest: Digest;
  readonly files: readonly ArtifactFile[];
}

/** What makes a manifest the wanted artefact: its type or, before OCI 1.1, the type of its config. */
export interface ArtifactKind {
  readonly artifactType: string;
  readonly configType: string;
}

export interface ArtifactOptions {
  readonly kind: ArtifactKind;
  readonly signal?: AbortSignal | undefined;
}

const fileLimit = 4 * 1024 * 1024;
const totalLimit = 32 * 1024 * 1024;
const mostFiles = 1000;

export async function fetchArtifact(
  settings: RegistrySettings,
  reference: RegistryReference,
  { kind, signal = new AbortController().signal }: ArtifactOptions,
): Promise<Artifact> {
  const registry = new Registry(reference.domain, { settings, use: 'pull', signal });
  try {
    const { digest, layers } = await findManifest(registry, reference, kind);
    checkSizes(layers, formatReference(reference));
    const files: ArtifactFile[] = [];
    for (const layer of layers) {
      const bytes = await readBlob(registry, reference, layer, signal);
      files.push({ mediaType: layer.mediaType, annotations: layer.annotations ?? {}, bytes });
    }
    return { digest, files };
  } finally {
    registry.close();
  }
}

interface FoundManifest {
  /** Of what the reference stands for. */
  readonly digest: Digest;
  readonly layers: readonly Descriptor[];
}

/** An index stands for the one manifest of the kind that it lists. */
async function findManifest(
  registry: Registry,
  reference: RegistryReference,
  kind: ArtifactKind,
): Promise<FoundManifest> {
  const top = await readManifest(registry, reference);
  if (!('manifests' in top.document)) return { ...top, layers: parseLayers(top, reference, kind) };
  const where = `index ${formatReference(reference)}`;
  const listed = [...expectArray(top.document['manifests'], where), top.document['subject'] ?? []].flat();
  const member = listed.find((each) => (each as JsonObject | null)?.['artifactType'] === kind.artifactType);
  if (member === undefined) throw wrongKind(reference, kind, 'an index without one');
  const inner = { ...reference, digest: parseDescriptor(member, where).digest };
  return { digest: top.digest, layers: parseLayers(await readManifest(registry, inner), inner, kind) };
}

interface ManifestDocument {
  readonly document: JsonObject;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

/** Verified, if the reference has a digest. */
export async function readManifest(
  registry: Registry,
  reference: RegistryReference,
): Promise<ManifestDocument> {
  const ask = manifestAsk(reference);
  const bytes = await readDocument(await registry.ask(ask), ask.what);
  const digest = digestOf(bytes);
  if (reference.digest !== undefined && digest !== reference.digest)
    throw malformed(ask.what, `its digest is ${digest}`);
  return { document: parseJsonObject(bytes, ask.what), digest, bytes };
}

function parseLayers(
  { document }: ManifestDocument,
  reference: RegistryReference,
  kind: ArtifactKind,
): Descriptor[] {
  const where = `manifest of ${formatReference(reference)}`;
  const config = parseDescriptor(document['config'], `${where}: config`);
  const type = optionalString(document['artifactType'], `${where}: artifactType`) || undefined;
  const isWanted = type === undefined ? config.mediaType === kind.configType : type === kind.artifactType;
  if (!isWanted) throw wrongKind(reference, kind, type ?? config.mediaType);
  return expectArray(document['layers'], `${where}: layers`).map((layer, at) =>
    parseDescriptor(layer, `${where}: layers[${at}]`),
  );
}

function wrongKind(reference: RegistryReference, { artifactType }: ArtifactKind, found: string): TcError {
  return new TcError(`${formatReference(reference)} is not ${artifactType}, but ${found}`, {
    code: 'artifact-type',
    hints: ['check the name: an image is run with `image:`, and not included'],
  });
}

function checkSizes(layers: readonly Descriptor[], name: string): void {
  const total = layers.reduce((sum, { size }) => sum + size, 0);
  if (layers.length <= mostFiles && total <= totalLimit && layers.every(({ size }) => size <= fileLimit))
    return;
  throw new TcError(`${name} is too large for what it is: ${layers.length} files, ${total} bytes`, {
    code: 'artifact-size',
    hints: [`at most ${mostFiles} files of ${fileLimit} bytes, ${totalLimit} bytes together`],
  });
}

/** A small one, verified. */
export async function readBlob(
  registry: Registry,
  reference: RegistryReference,
  blob: Descriptor,
  signal: AbortSignal,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of fetchBlob(registry, reference, blob, signal)(0)) {
    size += chunk.length;
    if (size > blob.size) break;
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  if (size === blob.size && digestOf(bytes) === blob.digest) return bytes;
  throw malformed(
    `blob ${blob.digest} of ${formatRepository(reference)}`,
    'its content is not what its digest says',
  );
}

export function upload(
  registry: Registry,
  reference: RegistryReference,
  blob: Descriptor,
  bytes: Uint8Array,
): Promise<void> {
  return uploadBlob({
    registry,
    reference,
    blob,
    from: [],
    async *read(offset) {
      yield bytes.subarray(offset);
    },
    on: () => undefined,
  });
}

/** Returns the digest of the manifest that the tag now stands for. */
export async function putManifest(
  registry: Registry,
  reference: RegistryReference,
  bytes: Buffer,
): Promise<Digest> {
  const { repository, tag = 'latest' } = reference;
  const response = await registry.ask({
    what: `manifest ${tag} of ${formatRepository(reference)}`,
    method: 'PUT',
    target: `/v2/${repository}/manifests/${tag}`,
    headers: { 'content-type': ociManifest, 'content-length': String(bytes.length) },
    body: () => bytes,
    scopes: [`repository:${repository}:pull,push`],
    accept: [200, 201, 202],
  });
  response.discard();
  return digestOf(bytes);
}
