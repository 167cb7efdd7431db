// Images made by hand, as documents and blobs, without any code of ours: what the store is fed with.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Sandbox } from './sandbox.ts';
import { buildTar, directory, file, sha256, symlink, type TarMember } from './tar-builder.ts';

export interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly bytes: Buffer;
}

export interface FixtureImage {
  readonly manifest: Blob;
  readonly config: Blob;
  readonly layers: readonly Blob[];
  readonly diffIds: readonly string[];
}

const oci = 'application/vnd.oci.image';

export function blob(mediaType: string, bytes: Buffer | string): Blob {
  const content = Buffer.from(bytes);
  return { mediaType, digest: sha256(content), size: content.length, bytes: content };
}

export const json = (mediaType: string, value: unknown): Blob => blob(mediaType, JSON.stringify(value));

export const descriptor = ({ mediaType, digest, size }: Blob) => ({ mediaType, digest, size });

export interface FixtureOptions {
  /** Bottommost first: plain tar. */
  readonly layers?: readonly Buffer[];
  readonly architecture?: string;
  readonly config?: object;
  readonly compress?: (tar: Buffer) => Buffer;
  readonly layerType?: string;
  readonly diffIds?: readonly string[];
}

export function makeImage(options: FixtureOptions = {}): FixtureImage {
  const { layers: tars = [busyboxLayer()], architecture = 'amd64', config = { Cmd: ['sh'] } } = options;
  const { compress = (tar: Buffer) => gzipSync(tar), layerType = `${oci}.layer.v1.tar+gzip` } = options;
  const diffIds = options.diffIds ?? tars.map(sha256);
  const configBlob = json(`${oci}.config.v1+json`, {
    architecture,
    os: 'linux',
    created: '2024-05-06T07:08:09Z',
    config,
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: tars.map((_, at) => ({ created: '2024-05-06T07:08:09Z', created_by: `step ${at}` })),
  });
  const layers = tars.map((tar) => blob(layerType, compress(tar)));
  const manifest = json(`${oci}.manifest.v1+json`, {
    schemaVersion: 2,
    mediaType: `${oci}.manifest.v1+json`,
    config: descriptor(configBlob),
    layers: layers.map(descriptor),
  });
  return { manifest, config: configBlob, layers, diffIds };
}

export const zstdLayer = `${oci}.layer.v1.tar+zstd`;

/** By the zstd program. */
export function zstd(bytes: Buffer, flags: readonly string[] = []): Buffer {
  return execFileSync('zstd', ['-q', '-c', ...flags], { input: bytes, maxBuffer: 1 << 30 });
}

/** A layer that something can run from. */
export function busyboxLayer(...more: TarMember[]): Buffer {
  return buildTar([
    directory('bin'),
    { name: 'bin/busybox', content: readFileSync('/bin/busybox'), mode: 0o755 },
    symlink('bin/sh', 'busybox'),
    ...more,
  ]);
}

/** Small, and different from every other. */
export function smallLayer(name: string, content = name): Buffer {
  return buildTar([file(name, content)]);
}

/** Bytes that do not compress. */
export function noise(size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let state = 0x2545f491;
  for (let at = 0; at + 4 <= size; at += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes.writeInt32LE(state, at);
  }
  return bytes;
}

export interface LayoutMember {
  readonly image: FixtureImage;
  readonly name?: string;
}

/** Writes an OCI image layout and returns its directory. */
export function writeLayout(
  sandbox: Sandbox,
  directoryName: string,
  members: readonly LayoutMember[],
): string {
  for (const { image } of members) writeBlobs(sandbox, directoryName, imageBlobs(image));
  const manifests = members.map(({ image, name }) => ({
    ...descriptor(image.manifest),
    ...(name === undefined ? {} : { annotations: { 'org.opencontainers.image.ref.name': name } }),
  }));
  return writeIndex(sandbox, directoryName, manifests);
}

export function writeBlobs(sandbox: Sandbox, directoryName: string, blobs: readonly Blob[]): void {
  for (const { digest, bytes } of blobs)
    sandbox.write(`${directoryName}/blobs/sha256/${digest.slice(7)}`, bytes);
}

export function writeIndex(sandbox: Sandbox, directoryName: string, manifests: readonly object[]): string {
  sandbox.write(`${directoryName}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}');
  sandbox.write(`${directoryName}/index.json`, JSON.stringify({ schemaVersion: 2, manifests }));
  return sandbox.path(directoryName);
}

export function imageBlobs({ manifest, config, layers }: FixtureImage): Blob[] {
  return [manifest, config, ...layers];
}

/** An index of images for several platforms. */
export function makeIndex(images: Readonly<Record<string, FixtureImage>>): Blob {
  return json(`${oci}.index.v1+json`, {
    schemaVersion: 2,
    mediaType: `${oci}.index.v1+json`,
    manifests: Object.entries(images).map(([architecture, image]) => ({
      ...descriptor(image.manifest),
      platform: { os: 'linux', architecture },
    })),
  });
}
