// ADD of a URL: one file, through the proxy that the environment names, with redirects followed.

import { createHash } from 'node:crypto';
import { open, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { type HttpResponse, NetworkError, Transport } from '../../image/registry/transport.ts';

export interface Download {
  readonly directory: string;
  readonly checksum: string | undefined;
  /** Seconds. */
  readonly now: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** As registries and other servers of files: they answer within a minute, or not at all. */
const silenceMs = 60_000;
const mostRedirects = 10;

/** Returns the name of the file in the directory. */
export async function download(text: string, options: Download): Promise<string> {
  const { environment, signal } = options;
  const transport = new Transport({ environment, tls: {}, isInsecure: false, silenceMs });
  try {
    return await store(await get(transport, text, signal), text, options);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof NetworkError)) throw error;
    throw unreachable(text, error.message, error);
  } finally {
    transport.close();
  }
}

async function get(transport: Transport, text: string, signal: AbortSignal): Promise<HttpResponse> {
  if (!URL.canParse(text)) throw unreachable(text, 'it is not a URL');
  let url = new URL(text);
  for (let hops = 0; ; hops++) {
    const response = await transport.send({ method: 'GET', url, headers: {}, signal });
    const { location } = response.headers;
    if (response.status >= 200 && response.status < 300) return response;
    response.discard();
    if (response.status < 300 || response.status > 308 || location === undefined)
      throw unreachable(text, `the server answers ${response.status}`);
    if (hops === mostRedirects) throw unreachable(text, 'it redirects in a circle');
    url = follow(text, url, location);
  }
}

function follow(text: string, from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) throw unreachable(text, 'it redirects to nowhere');
  const url = new URL(location, from);
  const isWorse = from.protocol === 'https:' && url.protocol !== 'https:';
  if (isWorse || !/^https?:$/.test(url.protocol)) throw unreachable(text, `it redirects to ${url.href}`);
  return url;
}

async function store(
  { headers, body }: HttpResponse,
  text: string,
  { directory, checksum, now }: Download,
): Promise<string> {
  const name = fileName(text, headers['content-disposition']);
  const hash = createHash('sha256');
  const file = await open(join(directory, name), 'wx', 0o600);
  try {
    for await (const chunk of body) {
      hash.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  const actual = `sha256:${hash.digest('hex')}`;
  if (checksum !== undefined && checksum !== actual) throw wrongChecksum(text, checksum, actual);
  const modified = Date.parse(headers['last-modified'] ?? '') / 1000;
  const time = Number.isNaN(modified) ? now : modified;
  await utimes(join(directory, name), time, time);
  return name;
}

function fileName(text: string, disposition: string | undefined): string {
  const [, quoted, bare] = /filename=(?:"([^"]+)"|([^;]+))/i.exec(disposition ?? '') ?? [];
  const name = basename(quoted ?? bare ?? '') || basename(decodeURIComponent(new URL(text).pathname));
  return name === '' || name === '.' || name === '..' ? '__unnamed__' : name;
}

export function unreachable(url: string, why: string, cause?: unknown): TcError {
  return new TcError(`${url} cannot be fetched: ${why}`, { code: 'build-fetch', kind: 'environment', cause });
}

export function wrongChecksum(url: string, expected: string, actual: string): TcError {
  return new TcError(`${url} has the check sum ${actual}, not ${expected}`, {
    code: 'build-checksum',
    kind: 'environment',
    hints: ['what is served there has changed, or was tampered with'],
  });
}
