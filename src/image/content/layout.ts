// Where the image store keeps what, below the data root. `images/` is an OCI image layout that other tools read; what
// is not part of one (unfinished blobs, locks, unpacked layers) stands beside it.

import { join } from 'node:path';
import { type Digest, hexOf } from '../digest.ts';

export interface StoreLayout {
  readonly root: string;
  /** The OCI image layout. */
  readonly images: string;
  readonly index: string;
  readonly blobs: string;
  /** Unfinished blobs, named by the digest that they are to have; a later pull goes on with them. */
  readonly ingest: string;
  /** Unpacked layers by chain id. */
  readonly layers: string;
  /** Layers that are being unpacked, and spooled archives; on the same file system as `layers`. */
  readonly staging: string;
  readonly locks: string;
  /** Which archive files were loaded as which images. */
  readonly archives: string;
  /** Which layers came of which steps of builds. */
  readonly buildSteps: string;
  /** What is known of the files of contexts. */
  readonly buildContexts: string;
  /** Directories that commands of builds keep for each other. */
  readonly buildMounts: string;
}

export function resolveLayout(root: string): StoreLayout {
  const images = join(root, 'images');
  return {
    root,
    images,
    index: join(images, 'index.json'),
    blobs: join(images, 'blobs', 'sha256'),
    ingest: join(images, 'ingest'),
    layers: join(root, 'layers'),
    staging: join(root, 'layers', 'staging'),
    locks: join(root, 'locks', 'images'),
    archives: join(images, 'archives'),
    buildSteps: join(root, 'build-cache', 'steps'),
    buildContexts: join(root, 'build-cache', 'contexts'),
    buildMounts: join(root, 'build-cache', 'mounts'),
  };
}

export function blobPath(layout: StoreLayout, digest: Digest): string {
  return join(layout.blobs, hexOf(digest));
}

/** The directory that overlayfs stacks. */
export function layerPath(layout: StoreLayout, chainId: Digest): string {
  return join(layout.layers, hexOf(chainId), 'diff');
}
