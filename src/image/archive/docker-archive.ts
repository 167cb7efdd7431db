// What `docker save` and `podman save` write: manifest.json names for each image a config and layers by their places in
// the tar. Docker 25 and later add an OCI layout to it; manifest.json says the same.

import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { parseImageConfiguration } from '../config.ts';
import type { BlobSource } from '../content/content-store.ts';
import {
  type Descriptor,
  documentLimit,
  expectArray,
  expectObject,
  expectString,
  malformed,
} from '../descriptor.ts';
import { type Digest, digestOf, digestOfHash } from '../digest.ts';
import { type Compression, detectCompression } from '../layer/decompress.ts';
import { formatManifest, type ImageManifest } from '../manifest.ts';
import { ociConfig, ociLayer, ociManifest } from '../media-type.ts';
import { type ArchiveMember, type ArchiveMembers, findMember, notAnArchive, readMember } from './tar-scan.ts';

/** One image of an archive, ready to be installed. */
export interface ArchivedImage {
  /** As written in the archive: `mysql:5.7`, or fully written out. */
  readonly names: readonly string[];
  readonly manifest: ImageManifest;
  readonly manifestBytes: Uint8Array;
  readonly source: (blob: Descriptor) => BlobSource;
}

export interface ArchiveContent {
  readonly file: FileHandle;
  readonly members: ArchiveMembers;
  readonly what: string;
}

interface ManifestItem {
  readonly config: string;
  readonly names: readonly string[];
  readonly layers: readonly string[];
}

export function isDockerArchive(members: ArchiveMembers): boolean {
  return members.has('manifest.json');
}

/** Reads names only: cheap, whatever the size of the archive. */
export async function listDockerArchive(archive: ArchiveContent): Promise<ManifestItem[]> {
  const bytes = await readWhole(archive, 'manifest.json');
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw notAnArchive(archive.what, 'its manifest.json is not JSON');
  }
  const where = `manifest.json of ${archive.what}`;
  return expectArray(value, where).map((each, at) => {
    const item = expectObject(each, `${where}[${at}]`);
    const names = item['RepoTags'] ?? [];
    return {
      config: expectString(item['Config'], `${where}[${at}].Config`),
      names: expectArray(names, `${where}[${at}].RepoTags`).map((name) => expectString(name, where)),
      layers: expectArray(item['Layers'], `${where}[${at}].Layers`).map((name) => expectString(name, where)),
    };
  });
}

/** Digests of compressed layers are computed here, which reads them once more. */
export async function readDockerImage(archive: ArchiveContent, item: ManifestItem): Promise<ArchivedImage> {
  const configBytes = await readWhole(archive, item.config);
  const { diffIds } = parseImageConfiguration(configBytes, `config of ${archive.what}`);
  if (diffIds.length !== item.layers.length)
    throw malformed(
      `config of ${archive.what}`,
      `it has ${diffIds.length} layers, manifest.json ${item.layers.length}`,
    );
  const sources = new Map<Digest, ArchiveMember>();
  const layers: Descriptor[] = [];
  for (const [at, name] of item.layers.entries()) {
    const member = requireMember(archive, name);
    const layer = await describeLayer(archive, member, diffIds[at] as Digest);
    sources.set(layer.digest, member);
    layers.push(layer);
  }
  const config = { mediaType: ociConfig, digest: digestOf(configBytes), size: configBytes.length };
  sources.set(config.digest, requireMember(archive, item.config));
  const manifest: ImageManifest = { kind: 'manifest', mediaType: ociManifest, config, layers };
  return {
    names: item.names,
    manifest,
    manifestBytes: formatManifest(manifest),
    source: (blob) => (offset) => readMember(archive.file, sources.get(blob.digest) as ArchiveMember, offset),
  };
}

const suffixes: Readonly<Record<Compression, string>> = { none: '', gzip: '+gzip', zstd: '+zstd' };

async function describeLayer(
  archive: ArchiveContent,
  member: ArchiveMember,
  diffId: Digest,
): Promise<Descriptor> {
  const head = await readHead(archive, member);
  const compression = detectCompression(head);
  if (compression === undefined)
    throw notAnArchive(archive.what, `"${member.name}" is compressed with bzip2 or xz`);
  // Of a plain layer the diff id is the digest, and it is verified as such when it is installed.
  const digest = compression === 'none' ? diffId : await hashMember(archive, member);
  return { mediaType: ociLayer + suffixes[compression], digest, size: member.size };
}

async function readHead(archive: ArchiveContent, member: ArchiveMember): Promise<Buffer> {
  const length = Math.min(6, member.size);
  const { buffer } = await archive.file.read(Buffer.alloc(length), 0, length, member.offset);
  return buffer;
}

async function hashMember(archive: ArchiveContent, member: ArchiveMember): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of readMember(archive.file, member)) hash.update(chunk);
  return digestOfHash(hash);
}

function requireMember(archive: ArchiveContent, name: string): ArchiveMember {
  const member = findMember(archive.members, name);
  if (member) return member;
  throw notAnArchive(archive.what, `"${name}" is missing`);
}

/** A document. */
export async function readWhole(archive: ArchiveContent, name: string): Promise<Buffer> {
  const member = requireMember(archive, name);
  if (member.size > documentLimit) throw notAnArchive(archive.what, `"${name}" is too large`);
  const chunks: Buffer[] = [];
  for await (const chunk of readMember(archive.file, member)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
