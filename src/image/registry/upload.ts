// One blob into a registry (distribution-spec, "Pushing blobs").

import { TcError } from '../../base/error.ts';
import type { Descriptor } from '../descriptor.ts';
import type { LayerPhase } from '../progress.ts';
import { formatRepository, type RegistryReference } from '../reference.ts';
import type { Registry } from './registry.ts';
import { describeNetworkError, RegistryError } from './response.ts';
import { pause, planRetry } from './retry.ts';
import type { HttpResponse } from './transport.ts';

export interface Upload {
  readonly registry: Registry;
  readonly reference: RegistryReference;
  readonly blob: Descriptor;
  /** Repositories of the registry that may have it. */
  readonly from: readonly string[];
  readonly read: (offset: number) => AsyncIterable<Uint8Array>;
  readonly on: (event: UploadEvent) => void;
}

export type UploadEvent =
  | { readonly type: 'layer'; readonly phase: LayerPhase }
  | { readonly type: 'bytes'; readonly done: number };

/** What one request carries; a connection that breaks costs at most so much. */
const defaultChunk = 32 * 1024 * 1024;

export async function uploadBlob(upload: Upload): Promise<void> {
  const { on } = upload;
  if (await exists(upload)) return on({ type: 'layer', phase: 'exists' });
  const started = await start(upload);
  if (started === 'mounted') return on({ type: 'layer', phase: 'mounted' });
  on({ type: 'layer', phase: 'uploading' });
  await send(upload, started);
  on({ type: 'layer', phase: 'done' });
}

interface Session {
  readonly location: URL;
  readonly chunk: number;
}

function path({ reference }: Upload, rest: string): string {
  return `/v2/${reference.repository}/blobs/${rest}`;
}

function common({ reference, blob }: Upload) {
  return {
    what: `blob ${blob.digest} to ${formatRepository(reference)}`,
    scopes: [`repository:${reference.repository}:pull,push`],
  };
}

async function exists(upload: Upload): Promise<boolean> {
  const target = path(upload, upload.blob.digest);
  const response = await upload.registry.ask({
    ...common(upload),
    method: 'HEAD',
    target,
    accept: [200, 404],
  });
  response.discard();
  return response.status === 200;
}

/** A mount that is refused, for lack of rights or of the blob, becomes an upload. */
async function start(upload: Upload): Promise<Session | 'mounted'> {
  for (const repository of upload.from.slice(0, 3)) {
    const query = new URLSearchParams({ mount: upload.blob.digest, from: repository });
    const response = await begin(upload, `uploads/?${query}`, [`repository:${repository}:pull`]).catch(
      (error) => {
        if (error instanceof RegistryError && !error.isTransient) return undefined;
        throw error;
      },
    );
    if (response?.status === 201) return 'mounted';
    if (response?.status === 202) return readSession(response, upload);
  }
  return readSession(await begin(upload, 'uploads/', []), upload);
}

async function begin(upload: Upload, rest: string, scopes: readonly string[]): Promise<HttpResponse> {
  const { what, scopes: own } = common(upload);
  const response = await upload.registry.ask({
    what,
    method: 'POST',
    target: path(upload, rest),
    headers: { 'content-length': '0' },
    scopes: [...own, ...scopes],
    accept: [201, 202],
  });
  response.discard();
  return response;
}

function readSession(response: HttpResponse, upload: Upload): Session {
  const { location } = response.headers;
  const least = Number(response.headers['oci-chunk-min-length'] ?? 0);
  if (location === undefined || !URL.canParse(location, response.url.href)) {
    throw new TcError(`${upload.registry.domain} does not say where to send blobs`, {
      code: 'registry-error',
      kind: 'environment',
      hints: ['the registry, or a proxy before it, is misconfigured'],
    });
  }
  return { location: new URL(location, response.url), chunk: Math.max(defaultChunk, least || 0) };
}

async function send(upload: Upload, started: Session): Promise<void> {
  const { blob, registry } = upload;
  let session = started;
  let offset = 0;
  for (let failures = 0; offset < blob.size; ) {
    try {
      session = await sendChunk(upload, session, offset);
      offset = Math.min(blob.size, offset + session.chunk);
      failures = 0;
    } catch (error) {
      failures++;
      const retry = planRetry(error, failures, registry.retryPolicy);
      if (!retry) throw describeNetworkError(error, common(upload).what, registry.domain);
      registry.onRetry(common(upload).what, retry);
      await pause(retry, registry.signal);
      ({ session, offset } = await askProgress(upload, session));
    }
  }
  await finish(upload, session);
}

async function sendChunk(upload: Upload, session: Session, offset: number): Promise<Session> {
  const { blob, read, on } = upload;
  const end = Math.min(blob.size, offset + session.chunk);
  async function* body(): AsyncGenerator<Uint8Array> {
    let left = end - offset;
    for await (const chunk of read(offset)) {
      const piece = chunk.subarray(0, left);
      left -= piece.length;
      yield piece;
      on({ type: 'bytes', done: end - left });
      if (left === 0) return;
    }
  }
  const response = await upload.registry.send({
    ...common(upload),
    method: 'PATCH',
    target: session.location,
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(end - offset),
      'content-range': `${offset}-${end - 1}`,
    },
    body,
    accept: [202, 204],
  });
  response.discard();
  return readSession(response, upload);
}

/** How much of a broken upload has arrived. If the registry has forgotten it, it begins again. */
async function askProgress(upload: Upload, session: Session): Promise<{ session: Session; offset: number }> {
  const response = await upload.registry.ask({
    ...common(upload),
    method: 'GET',
    target: session.location,
    accept: [202, 204, 404],
  });
  response.discard();
  if (response.status === 404)
    return { session: await readSession(await begin(upload, 'uploads/', []), upload), offset: 0 };
  // "0-0" stands for nothing as well as for one byte; nothing is the safer reading only for blobs longer than that.
  const last = Number(/^(?:bytes=)?0-(\d+)$/.exec(response.headers.range ?? '')?.[1] ?? 0);
  return { session: readSession(response, upload), offset: last > 0 ? last + 1 : 0 };
}

async function finish(upload: Upload, session: Session): Promise<void> {
  const target = new URL(session.location);
  target.searchParams.set('digest', upload.blob.digest);
  const response = await upload.registry.ask({
    ...common(upload),
    method: 'PUT',
    target,
    headers: { 'content-length': '0' },
    accept: [201, 202, 204],
  });
  response.discard();
}
