// Brings one image into the store, from wherever its blobs come: several layers at a time, each verified and unpacked
// while it streams. Until the last line nothing is visible but whole blobs and whole layers.

import { TcError } from '../base/error.ts';
import { parseImageConfiguration } from './config.ts';
import type { BlobSource, ContentStore } from './content/content-store.ts';
import { type Descriptor, documentLimit, malformed } from './descriptor.ts';
import { chainIds, type Digest } from './digest.ts';
import type { LayerStage, LayerStore } from './layer/layer-store.ts';
import type { ArchiveTools } from './layer/role.ts';
import { type UnpackResult, unpackLayer } from './layer/unpack.ts';
import type { ImageManifest } from './manifest.ts';
import type { Platform } from './platform.ts';
import type { LayerPhase, OnImageEvent } from './progress.ts';

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
  readonly source: (blob: Descriptor) => BlobSource;
  readonly on: OnImageEvent;
  readonly signal?: AbortSignal;
  /** Layers at a time. */
  readonly parallel?: number;
}

export interface InstalledImage {
  readonly manifest: Digest;
  readonly imageId: Digest;
  readonly platform: Platform;
}

/** More does not fill a link faster, and some registries count connections. */
const defaultParallel = 6;

export async function installImage(target: InstallTarget, request: InstallRequest): Promise<InstalledImage> {
  const { manifest, reference } = request;
  const configBytes = await fetchDocument(target, request, manifest.config);
  const configuration = parseImageConfiguration(configBytes, `config of ${reference}`);
  const { diffIds, platform } = configuration;
  if (diffIds.length !== manifest.layers.length)
    throw malformed(
      `config of ${reference}`,
      `it has ${diffIds.length} layers and its manifest ${manifest.layers.length}`,
    );
  const chain = chainIds(diffIds);
  const jobs = manifest.layers.map((blob, at): LayerJob => {
    const diffId = diffIds[at] as Digest;
    const chainId = chain[at] as Digest;
    return {
      blob,
      diffId,
      chainId,
      parents: chain.slice(0, at).reverse(),
      what: `layer ${blob.digest} of ${reference}`,
    };
  });
  await runLayers(jobs, request.parallel ?? defaultParallel, (job, parentsReady) =>
    installLayer(target, request, job, parentsReady),
  );
  request.signal?.throwIfAborted();
  const digest = await target.content.put(request.manifestBytes);
  return { manifest: digest, imageId: manifest.config.digest, platform };
}

interface LayerJob {
  readonly blob: Descriptor;
  readonly diffId: Digest;
  readonly chainId: Digest;
  /** Chain ids, topmost first. */
  readonly parents: readonly Digest[];
  readonly what: string;
}

/**
 * Starts the jobs in order, at most `parallel` at a time. A job may wait for those before it, which therefore run. The
 * first failure stops what has not begun; what runs is awaited, so that nothing works on behind the error.
 */
async function runLayers(
  jobs: readonly LayerJob[],
  parallel: number,
  run: (job: LayerJob, parentsReady: Promise<unknown>) => Promise<void>,
): Promise<void> {
  const running: Promise<void>[] = [];
  const failures: unknown[] = [];
  let next = 0;
  let below: Promise<unknown> = Promise.resolve();
  const work = async (): Promise<void> => {
    while (next < jobs.length && failures.length === 0) {
      const job = jobs[next++] as LayerJob;
      const done = run(job, below);
      below = done;
      await done.catch((error) => failures.push(error));
    }
  };
  for (let worker = 0; worker < Math.min(parallel, jobs.length); worker++) running.push(work());
  await Promise.all(running);
  if (failures.length > 0) throw rootFailure(failures);
}

/** A job that failed because one below it did has nothing of its own to tell. */
function rootFailure(failures: readonly unknown[]): unknown {
  return failures.find((error) => !(error instanceof ParentFailed)) ?? failures[0];
}

class ParentFailed extends Error {}

async function installLayer(
  target: InstallTarget,
  request: InstallRequest,
  job: LayerJob,
  parentsReady: Promise<unknown>,
): Promise<void> {
  parentsReady.catch(() => undefined);
  request.signal?.throwIfAborted();
  const { blob, chainId } = job;
  const tell = (phase: LayerPhase) =>
    request.on({ type: 'layer', reference: request.reference, digest: blob.digest, phase, total: blob.size });
  const wait = () => tell('waiting');
  // Always in this order, and a blob's lock is never held while waiting for anything: so no circle of processes forms,
  // whatever layers their images share.
  const stage = await target.layers.begin(chainId, wait);
  try {
    const ingest = await target.content.begin(blob, wait);
    if (!ingest && !stage) return tell('exists');
    tell(ingest ? 'downloading' : 'unpacking');
    const chunks = () => {
      if (!ingest) return target.content.read(blob.digest);
      return count(ingest.receive(request.source(blob)), blob, request);
    };
    const unpacked = await fill(target, job, stage, chunks, ingest).catch(async (error) => {
      await ingest?.close();
      throw error;
    });
    const kept = keepBlob(ingest);
    kept.catch(() => undefined);
    if (stage && unpacked) await keepLayer(job, stage, unpacked, parentsReady);
    await kept;
    tell('done');
  } finally {
    await stage?.close();
  }
}

async function keepBlob(ingest: Ingesting): Promise<void> {
  try {
    await ingest?.publish();
  } finally {
    await ingest?.close();
  }
}

async function keepLayer(
  job: LayerJob,
  stage: LayerStage,
  unpacked: UnpackResult,
  parentsReady: Promise<unknown>,
): Promise<void> {
  // Only then does it matter what lies below.
  if (unpacked.implicit.length > 0) await parentsReady.catch(() => Promise.reject(new ParentFailed()));
  await stage.publish({ ...job, tarSize: unpacked.tarSize }, unpacked, job.what);
}

type Ingesting = Awaited<ReturnType<ContentStore['begin']>>;

/**
 * Receives and unpacks. What turns out to be bad is not kept for a next attempt; if part of it was left by an earlier
 * one, it may be that part, and there is a second try from nothing.
 */
async function fill(
  target: InstallTarget,
  job: LayerJob,
  stage: LayerStage | undefined,
  chunks: () => AsyncIterable<Uint8Array>,
  ingest: Ingesting,
): Promise<UnpackResult | undefined> {
  for (;;) {
    try {
      if (stage) return await unpackStage(target, job, stage, chunks());
      for await (const _ of chunks());
      return undefined;
    } catch (error) {
      if (!isContentError(error)) throw error;
      const isResumed = ingest !== undefined && ingest.resumedFrom > 0;
      await ingest?.discard();
      if (!isResumed) throw error;
      await stage?.reset();
    }
  }
}

function unpackStage(
  target: InstallTarget,
  job: LayerJob,
  stage: LayerStage,
  chunks: AsyncIterable<Uint8Array>,
): Promise<UnpackResult> {
  return unpackLayer(target.tools, {
    what: job.what,
    chunks,
    compressedSize: job.blob.size,
    diffId: job.diffId,
    directory: stage.diff,
    lock: stage.lock,
  });
}

const contentErrors = new Set([
  'digest-mismatch',
  'corrupt-layer',
  'malformed-layer',
  'diff-id-mismatch',
  'decompression-bomb',
  'unsupported-compression',
]);

function isContentError(error: unknown): boolean {
  return error instanceof TcError && contentErrors.has(error.code);
}

async function* count(
  chunks: AsyncIterable<Uint8Array>,
  blob: Descriptor,
  { on, reference, signal }: InstallRequest,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    done += chunk.length;
    on({ type: 'bytes', reference, digest: blob.digest, done, total: blob.size });
    yield chunk;
  }
}

async function fetchDocument(
  target: InstallTarget,
  request: InstallRequest,
  blob: Descriptor,
): Promise<Uint8Array> {
  if (blob.size > documentLimit)
    throw malformed(
      `config of ${request.reference}`,
      `it has ${blob.size} bytes, more than the allowed ${documentLimit}`,
    );
  const ingest = await target.content.begin(blob);
  try {
    if (ingest) {
      for await (const _ of ingest.receive(request.source(blob)));
      await ingest.publish();
    }
  } finally {
    await ingest?.close();
  }
  const bytes = await target.content.readDocument(blob.digest);
  if (bytes === undefined) throw malformed(`config of ${request.reference}`, 'it vanished from the store');
  return bytes;
}
