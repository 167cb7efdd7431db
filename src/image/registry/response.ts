// What a registry's answer means: bounded documents, and errors in words (distribution-spec, "Error Codes").

import { TcError } from '../../base/error.ts';
import { documentLimit } from '../descriptor.ts';
import { type HttpResponse, NetworkError } from './transport.ts';

const errorBodyLimit = 64 * 1024;

export async function readDocument(response: HttpResponse, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > documentLimit) {
      throw new TcError(`${what} has more than ${documentLimit} bytes`, {
        code: 'document-too-large',
        kind: 'environment',
        hints: ['no manifest or list is that large: the registry is broken, or is none'],
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** An answer that is not what was asked for. `isTransient`: asking again may help. */
export class RegistryError extends TcError {
  readonly status: number;
  /** Milliseconds to wait that the registry asks for. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    options: { code: string; status: number; hints: readonly string[]; retryAfterMs?: number | undefined },
  ) {
    super(message, { code: options.code, kind: 'environment', hints: options.hints });
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }

  get isTransient(): boolean {
    return this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** `what`: `manifest 5.7 of docker.io/library/mysql`. Reads the rest of the answer. */
export async function describeRefusal(response: HttpResponse, what: string): Promise<RegistryError> {
  const { status, headers, url } = response;
  const said = await readErrorMessage(response).catch(() => '');
  const tail = said === '' ? '' : `: ${said}`;
  const from = `${url.host} answered ${status}`;
  const error = (code: string, message: string, hints: readonly string[]) =>
    new RegistryError(message, {
      code,
      status,
      hints,
      retryAfterMs: parseRetryAfter(headers['retry-after']),
    });
  if (status === 401) {
    return error('registry-unauthorized', `${what}: ${from}, it asks for other credentials${tail}`, [
      `log in with \`tcompose login ${url.host}\`; many registries answer so for a name that does not exist, too`,
    ]);
  }
  if (status === 403) {
    return error('registry-denied', `${what}: ${from}, access is denied${tail}`, [
      'the user that is logged in may not do this; a name that does not exist is often answered so, too',
    ]);
  }
  if (status === 404) {
    return error('not-in-registry', `${what} is not in the registry: ${from}${tail}`, [
      'check the spelling of the name and the tag',
    ]);
  }
  if (status === 429)
    return error(
      'registry-rate-limit',
      `${what}: ${from}, its rate limit is reached${tail}`,
      rateHints(headers),
    );
  return error('registry-error', `${what}: ${from}${tail}`, [
    status >= 500
      ? 'the registry has trouble of its own: try again later'
      : 'the registry refuses the request',
  ]);
}

function rateHints(headers: HttpResponse['headers']): string[] {
  const limit = headers['ratelimit-limit'];
  const rate = typeof limit === 'string' ? /^(\d+);w=(\d+)/.exec(limit) : null;
  const told = rate ? [`it allows ${rate[1]} pulls in ${Number(rate[2]) / 3600} hours`] : [];
  return [...told, 'log in to have a higher limit, use a mirror, or wait'];
}

/** Seconds, or a date. */
function parseRetryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^[0-9]{1,6}$/.test(value)) return Number(value) * 1000;
  const until = Date.parse(value);
  return Number.isNaN(until) ? undefined : Math.max(0, until - Date.now());
}

async function readErrorMessage(response: HttpResponse): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > errorBodyLimit) return '';
  }
  return formatErrors(Buffer.concat(chunks).toString('utf8'));
}

/** Of {"errors":[{"code","message"}]} the messages; anything else is mostly a page for a browser. */
function formatErrors(text: string): string {
  try {
    const { errors } = JSON.parse(text) as { errors?: { code?: unknown; message?: unknown }[] };
    const messages = (errors ?? []).map(({ code, message }) => String(message || code || ''));
    return printable(messages.filter((each) => each !== '').join('; ')).slice(0, 500);
  } catch {
    return '';
  }
}

/** A registry's text goes to a terminal: nothing in it may steer one. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ');
}

const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_UNTRUSTED',
]);

export function isCertificateError(error: unknown): boolean {
  return error instanceof NetworkError && untrusted.has(error.code);
}

/** The other side does not speak TLS, or not ours. */
export function isProtocolError(error: unknown): boolean {
  return error instanceof NetworkError && (error.code === 'EPROTO' || error.code.startsWith('ERR_SSL'));
}

/** A failure of the network, in words; anything else as it is. */
export function describeNetworkError(error: unknown, what: string, host: string): unknown {
  if (!(error instanceof NetworkError)) return error;
  const make = (code: string, hint: string) =>
    new TcError(`${what}: ${error.message}`, { code, kind: 'environment', hints: [hint], cause: error });
  if (isCertificateError(error)) {
    return make(
      'registry-certificate',
      `if the registry is yours, put its authority into /etc/docker/certs.d/${host}/ca.crt, or name it insecure`,
    );
  }
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN')
    return make(
      'registry-unreachable',
      'check the name of the registry, and that this machine can resolve names',
    );
  if (error.code === 'ETIMEDOUT')
    return make('registry-timeout', 'the registry, a proxy or the network hangs: try again later');
  return make(
    'registry-unreachable',
    'check the network, the proxy settings, and that the registry is running',
  );
}
