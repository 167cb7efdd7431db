// Brings one image into the store, from wherever its blobs come. Until the manifest is in, nothing is visible but whole
// blobs and whole layers.

import { parseImageConfiguration } from './config.ts';
import type { BlobSource, ContentStore } from './content/content-store.ts';
import { type Descriptor, documentLimit, malformed } from './descriptor.ts';
import { chainIds, type Digest } from './digest.ts';
import { installLayers, type LayerJob } from './install-layers.ts';
import type { LayerStore } from './layer/layer-store.ts';
import type { ArchiveTools } from './layer/role.ts';
import type { ImageManifest } from './manifest.ts';
import type { Platform } from './platform.ts';
import type { OnImageEvent } from './progress.ts';

export interface InstallTarget {
  readonly content: ContentStore;
  readonly layers: LayerStore;
  readonly tools: ArchiveTools;
}

export interface InstallRequest {
  /** As the user wrote it, for events and messages. */
  readonly reference: string;
  readonly manifest: ImageManifest;
  /** As it is stored: its digest is the image's. */
  readonly manifestBytes: Uint8Array;
  /** `signal` fires when the bytes are no longer wanted. */
  readonly source: (blob: Descriptor, signal: AbortSignal) => BlobSource;
  readonly on: OnImageEvent;
  readonly signal?: AbortSignal | undefined;
  /** Layers at a time. */
  readonly parallel?: number;
}

export interface InstalledImage {
  readonly manifest: Digest;
  readonly imageId: Digest;
  readonly platform: Platform;
}

export async function installImage(target: InstallTarget, request: InstallRequest): Promise<InstalledImage> {
  const { manifest, reference } = request;
  const where = `config of ${reference}`;
  // Fires for the user's wish and for the first failure: nobody downloads on behind an error.
  const stop = new AbortController();
  const signal = request.signal ? AbortSignal.any([request.signal, stop.signal]) : stop.signal;
  const configBytes = await fetchDocument(target, request, manifest.config, signal);
  const { diffIds, platform } = parseImageConfiguration(configBytes, where);
  if (diffIds.length !== manifest.layers.length) {
    throw malformed(where, `it has ${diffIds.length} layers and its manifest ${manifest.layers.length}`);
  }
  const chain = chainIds(diffIds);
  const jobs = manifest.layers.map(
    (blob, at): LayerJob => ({
      blob,
      diffId: diffIds[at] as Digest,
      chainId: chain[at] as Digest,
      parents: chain.slice(0, at).reverse(),
      what: `layer ${blob.digest} of ${reference}`,
    }),
  );
  await installLayers(target, jobs, { ...request, signal, stop: () => stop.abort() });
  signal.throwIfAborted();
  const digest = await target.content.put(request.manifestBytes);
  return { manifest: digest, imageId: manifest.config.digest, platform };
}

async function fetchDocument(
  target: InstallTarget,
  request: InstallRequest,
  blob: Descriptor,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const where = `config of ${request.reference}`;
  if (blob.size > documentLimit)
    throw malformed(where, `it has ${blob.size} bytes, more than ${documentLimit}`);
  const ingest = await target.content.begin(blob, { signal });
  try {
    if (ingest) {
      for await (const _ of ingest.receive(request.source(blob, signal)));
      await ingest.publish();
    }
  } finally {
    await ingest?.close();
  }
  const bytes = await target.content.readDocument(blob.digest);
  if (bytes === undefined) throw malformed(where, 'it vanished from the store');
  return bytes;
}
