// The content of a blob as one stream, whatever happens to the connections that carry it: cut off, it goes on by a range
// request where it stopped.

import { TcError } from '../../base/error.ts';
import type { BlobSource } from '../content/content-store.ts';
import type { Descriptor } from '../descriptor.ts';
import { isForeignLayerType } from '../media-type.ts';
import { formatRepository, type RegistryReference } from '../reference.ts';
import type { Registry } from './registry.ts';
import { describeNetworkError, RegistryError } from './response.ts';
import { pause, planRetry } from './retry.ts';
import { type HttpResponse, NetworkError } from './transport.ts';

interface BlobRequest {
  readonly registry: Registry;
  readonly reference: RegistryReference;
  readonly blob: Descriptor;
  readonly what: string;
  readonly signal: AbortSignal;
}

export function fetchBlob(
  registry: Registry,
  reference: RegistryReference,
  blob: Descriptor,
  signal: AbortSignal,
): BlobSource {
  const what = `blob ${blob.digest} of ${formatRepository(reference)}`;
  const request = { registry, reference, blob, what, signal };
  return async function* (start) {
    let offset = start;
    for (let attempt = 1; ; attempt++) {
      const response = await open(request, offset);
      try {
        for await (const chunk of readFrom(response, offset, what)) {
          offset += chunk.length;
          // A connection that carried anything does not count as a failed attempt.
          attempt = 0;
          yield chunk;
        }
        if (offset >= blob.size) return;
        // A server may end a body without its being whole; what is missing for good is found when it is verified.
        throw new NetworkError(`${what} ended after ${offset} of ${blob.size} bytes`, 'EPIPE');
      } catch (error) {
        signal.throwIfAborted();
        const retry = planRetry(error, attempt + 1, registry.retryPolicy);
        if (!retry) throw describeNetworkError(error, what, registry.domain);
        registry.onRetry(what, retry);
        await pause(retry, signal);
      }
    }
  };
}

async function open(request: BlobRequest, offset: number): Promise<HttpResponse> {
  const { reference, blob, signal } = request;
  try {
    return await ask(request, `/v2/${reference.repository}/blobs/${blob.digest}`, offset);
  } catch (error) {
    const isMissing = error instanceof RegistryError && error.status === 404;
    const [elsewhere] = blob.urls ?? [];
    if (!isMissing || elsewhere === undefined || !isForeignLayerType(blob.mediaType)) throw error;
    if (!URL.canParse(elsewhere) || new URL(elsewhere).protocol !== 'https:') throw error;
    signal.throwIfAborted();
    return ask(request, new URL(elsewhere), offset);
  }
}

function ask(request: BlobRequest, target: string | URL, offset: number): Promise<HttpResponse> {
  return request.registry.ask({
    what: request.what,
    method: 'GET',
    target,
    headers: offset > 0 ? { range: `bytes=${offset}-` } : {},
    scopes: [`repository:${request.reference.repository}:pull`],
    accept: offset > 0 ? [200, 206] : [200],
    signal: request.signal,
  });
}

/** A server that does not know ranges sends everything again: what is here already is passed over. */
async function* readFrom(response: HttpResponse, offset: number, what: string): AsyncGenerator<Buffer> {
  let skip = response.status === 206 ? checkRange(response, offset, what) : offset;
  for await (const chunk of response.body) {
    const passed = Math.min(skip, chunk.length);
    skip -= passed;
    if (passed < chunk.length) yield passed === 0 ? chunk : chunk.subarray(passed);
  }
}

function checkRange(response: HttpResponse, offset: number, what: string): 0 {
  const range = /^bytes (\d+)-/.exec(response.headers['content-range'] ?? '');
  if (range && Number(range[1]) === offset) return 0;
  response.discard();
  throw new TcError(`${what}: ${response.url.host} sent another part than was asked for`, {
    code: 'registry-error',
    kind: 'environment',
    hints: ['the registry, or a proxy before it, does not handle range requests'],
  });
}
