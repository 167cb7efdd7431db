// Manifests and indexes, of OCI and of Docker schema 2: parsed, and never one taken for the other (CVE-2021-41190).

import { TcError } from '../base/error.ts';
import {
  type Descriptor,
  expectArray,
  type JsonObject,
  malformed,
  optionalString,
  parseDescriptor,
  parseJsonObject,
} from './descriptor.ts';
import {
  dockerIndex,
  dockerManifest,
  isImageConfigType,
  isIndexType,
  isLayerType,
  isManifestType,
  ociIndex,
  ociManifest,
} from './media-type.ts';
import { choosePlatform, formatPlatform, type Platform } from './platform.ts';

export interface ImageManifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly config: Descriptor;
  /** Bottommost first. */
  readonly layers: readonly Descriptor[];
}

export interface ImageIndex {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
}

export type ManifestDocument = ImageManifest | ImageIndex;

/**
 * `mediaType`: what the server or the descriptor said it is. The document's own statement must agree with it, and its
 * members with both. `where` names it in messages.
 */
export function parseManifest(bytes: Uint8Array, where: string, mediaType?: string): ManifestDocument {
  const object = parseJsonObject(bytes, where);
  if (object['schemaVersion'] === 1 || 'fsLayers' in object) throw schemaOne(where);
  if (object['schemaVersion'] !== 2) throw malformed(where, 'its schemaVersion is not 2');
  const isIndex = 'manifests' in object;
  if (isIndex && ('layers' in object || 'config' in object))
    throw malformed(where, 'it has the members of an index and those of a manifest');
  const type = agreedType(object, where, mediaType) ?? (isIndex ? ociIndex : ociManifest);
  if (isIndexType(type) !== isIndex) throw malformed(where, `its members are not those of ${type}`);
  return isIndex ? parseIndex(object, where, type) : parseImage(object, where, type);
}

/** Servers that know nothing of manifests announce them as text or octets: that says nothing and contradicts nothing. */
function agreedType(object: JsonObject, where: string, announced: string | undefined): string | undefined {
  const isKnown = (type: string) => isIndexType(type) || isManifestType(type);
  const stated = optionalString(object['mediaType'], `${where}: mediaType`);
  if (stated !== undefined && !isKnown(stated)) throw notAnImage(where, stated);
  if (announced === undefined || !isKnown(announced)) return stated;
  if (stated !== undefined && stated !== announced)
    throw malformed(where, `it was announced as ${announced} and calls itself ${stated}`);
  return announced;
}

function parseIndex(object: JsonObject, where: string, mediaType: string): ImageIndex {
  const manifests = expectArray(object['manifests'], `${where}: manifests`).map((each, at) =>
    parseDescriptor(each, `${where}: manifests[${at}]`),
  );
  return { kind: 'index', mediaType, manifests };
}

function parseImage(object: JsonObject, where: string, mediaType: string): ImageManifest {
  const config = parseDescriptor(object['config'], `${where}: config`);
  if (!isImageConfigType(config.mediaType)) throw notAnImage(where, config.mediaType);
  const layers = expectArray(object['layers'], `${where}: layers`).map((each, at) =>
    parseDescriptor(each, `${where}: layers[${at}]`),
  );
  const strange = layers.find((layer) => !isLayerType(layer.mediaType));
  if (strange) throw notAnImage(where, strange.mediaType);
  return { kind: 'manifest', mediaType, config, layers };
}

/** Attestations and other attachments are passed over. */
export function listImages({ manifests }: ImageIndex): Descriptor[] {
  return manifests.filter(
    ({ mediaType, annotations }) =>
      (isManifestType(mediaType) || isIndexType(mediaType)) &&
      annotations?.['vnd.docker.reference.type'] === undefined,
  );
}

/** The manifest of an index that runs on `platform`. */
export function chooseManifest(index: ImageIndex, platform: Platform, where: string): Descriptor {
  const candidates = listImages(index);
  const chosen = choosePlatform(candidates, platform);
  if (chosen) return chosen;
  // Indexes made by hand often leave the platform out; with one member there is nothing to choose.
  const [only] = candidates;
  if (only && candidates.length === 1 && only.platform === undefined) return only;
  const offered = candidates.flatMap((each) => (each.platform ? [formatPlatform(each.platform)] : []));
  throw new TcError(`${where} is not made for ${formatPlatform(platform)}`, {
    code: 'no-such-platform',
    hints: [
      offered.length > 0
        ? `it is made for ${[...new Set(offered)].join(', ')}; set "platform" to one of these that this machine can run`
        : 'its index names no image at all',
    ],
  });
}

/** A manifest of the same family as `like`, as bytes. */
export function formatManifest(manifest: Omit<ImageManifest, 'kind'>): Buffer {
  const { mediaType, config, layers } = manifest;
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers }));
}

export function formatIndex(manifests: readonly Descriptor[], mediaType = ociIndex): Buffer {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
}

function schemaOne(where: string): TcError {
  return new TcError(`${where} is a schema 1 manifest, which has been obsolete since 2017`, {
    code: 'schema-1-manifest',
    hints: [
      `push the image again with a current tool, so that it becomes ${dockerManifest} or ${ociManifest}`,
    ],
  });
}

function notAnImage(where: string, type: string): TcError {
  return new TcError(`${where} is not a container image but holds ${type}`, {
    code: 'not-an-image',
    hints: [
      `an image is ${ociManifest}, ${dockerManifest}, or an index of them (${ociIndex}, ${dockerIndex})`,
    ],
  });
}
