// The layers of one image: several at a time, each verified and unpacked while it streams.

import { TcError } from '../base/error.ts';
import type { BlobSource, Ingest } from './content/content-store.ts';
import type { Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';
import type { InstallTarget } from './install.ts';
import type { LayerStage } from './layer/layer-store.ts';
import { type UnpackResult, unpackLayer } from './layer/unpack.ts';
import type { LayerPhase, OnImageEvent } from './progress.ts';

export interface LayerJob {
  readonly blob: Descriptor;
  readonly diffId: Digest;
  readonly chainId: Digest;
  /** Chain ids of the layers below, topmost first. */
  readonly parents: readonly Digest[];
  /** For messages. */
  readonly what: string;
}

export interface LayersRequest {
  readonly reference: string;
  readonly source: (blob: Descriptor, signal: AbortSignal) => BlobSource;
  readonly on: OnImageEvent;
  readonly signal: AbortSignal;
  /** Fires the signal. */
  readonly stop: () => void;
  readonly parallel?: number;
}

/** More does not fill a link faster, and some registries count connections. */
const defaultParallel = 6;

/**
 * Starts the jobs in order. A job may wait for those before it, which therefore run. The first failure stops the others,
 * and is thrown when all have ended, so that nothing works on behind it.
 */
export async function installLayers(
  target: InstallTarget,
  jobs: readonly LayerJob[],
  request: LayersRequest,
): Promise<void> {
  const failures: unknown[] = [];
  let next = 0;
  let below: Promise<unknown> = Promise.resolve();
  const work = async (): Promise<void> => {
    while (next < jobs.length && failures.length === 0) {
      const job = jobs[next++] as LayerJob;
      const done = installLayer(target, request, job, below);
      below = done;
      await done.catch((error) => {
        failures.push(error);
        request.stop();
      });
    }
  };
  const workers = Math.min(request.parallel ?? defaultParallel, jobs.length);
  await Promise.all(Array.from({ length: workers }, work));
  if (failures.length > 0) throw failures.find(isCause) ?? failures[0];
}

/** Not one of those that failed because another had. */
function isCause(error: unknown): boolean {
  return !(error instanceof ParentFailed) && (error as Error).name !== 'AbortError';
}

class ParentFailed extends Error {}

async function installLayer(
  target: InstallTarget,
  request: LayersRequest,
  job: LayerJob,
  parentsReady: Promise<unknown>,
): Promise<void> {
  parentsReady.catch(() => undefined);
  const { reference, signal, on } = request;
  const { blob, chainId } = job;
  signal.throwIfAborted();
  const tell = (phase: LayerPhase) =>
    on({ type: 'layer', reference, digest: blob.digest, phase, total: blob.size });
  const waiting = { signal, onWait: () => tell('waiting') };
  // Always in this order, and a blob's lock is never held while waiting for anything: so no circle of processes forms,
  // whatever layers their images share.
  const stage = await target.layers.begin(chainId, waiting);
  try {
    const ingest = await target.content.begin(blob, waiting);
    if (!ingest && !stage) return tell('exists');
    tell(ingest ? 'receiving' : 'unpacking');
    const unpacked = await fill(target, request, job, { stage, ingest }).catch(async (error) => {
      await ingest?.close();
      throw error;
    });
    const kept = await Promise.allSettled([
      keepBlob(ingest),
      stage && unpacked && keepLayer(job, stage, unpacked, parentsReady),
    ]);
    for (const each of kept) if (each.status === 'rejected') throw each.reason;
    tell('done');
  } finally {
    await stage?.close();
  }
}

async function keepBlob(ingest: Ingest | undefined): Promise<void> {
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

interface Places {
  /** Undefined: the layer is here. */
  readonly stage: LayerStage | undefined;
  /** Undefined: the blob is here. */
  readonly ingest: Ingest | undefined;
}

/**
 * Receives and unpacks. What turns out to be bad is not kept for a next attempt; if part of it was left by an earlier
 * one, it may be that part, and there is a second try from nothing.
 */
async function fill(
  target: InstallTarget,
  request: LayersRequest,
  job: LayerJob,
  { stage, ingest }: Places,
): Promise<UnpackResult | undefined> {
  for (;;) {
    try {
      return await attempt(target, request, job, { stage, ingest });
    } catch (error) {
      if (!isContentError(error)) throw error;
      const isResumed = ingest !== undefined && ingest.resumedFrom > 0;
      await ingest?.discard();
      if (!isResumed) throw error;
      await stage?.reset();
    }
  }
}

async function attempt(
  target: InstallTarget,
  request: LayersRequest,
  job: LayerJob,
  { stage, ingest }: Places,
): Promise<UnpackResult | undefined> {
  // The unpacking ends the transfer that feeds it, and nothing else.
  const transfer = new AbortController();
  const signal = AbortSignal.any([request.signal, transfer.signal]);
  const chunks = ingest
    ? count(ingest.receive(request.source(job.blob, signal)), request, job)
    : target.content.read(job.blob.digest);
  if (stage) return await unpackStage(target, job, stage, chunks, () => transfer.abort());
  for await (const _ of chunks);
  return undefined;
}

function unpackStage(
  target: InstallTarget,
  job: LayerJob,
  stage: LayerStage,
  chunks: AsyncIterable<Uint8Array>,
  onRefused: () => void,
): Promise<UnpackResult> {
  return unpackLayer(target.tools, {
    what: job.what,
    chunks,
    compressedSize: job.blob.size,
    diffId: job.diffId,
    // Whoever delivers the blob verifies it as such.
    isVerified: job.blob.digest === job.diffId,
    directory: stage.diff,
    lock: stage.lock,
    onRefused,
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
  { on, reference, signal }: LayersRequest,
  { blob }: LayerJob,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    done += chunk.length;
    on({ type: 'bytes', reference, digest: blob.digest, done, total: blob.size });
    yield chunk;
  }
}
