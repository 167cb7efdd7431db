// What is worth asking again, and when.

import { setTimeout as sleep } from 'node:timers/promises';
import { isCertificateError, isProtocolError, RegistryError } from './response.ts';
import { NetworkError } from './transport.ts';

export interface RetryPolicy {
  /** Repetitions after the first attempt. */
  readonly most: number;
  readonly delayMs: number;
}

export interface Retry {
  readonly attempt: number;
  readonly delayMs: number;
  readonly why: string;
}

const longestDelayMs = 16_000;
/** A registry that asks for a longer pause than this has given an answer: not now. */
const longestRetryAfterMs = 60_000;

/**
 * How long to wait before repetition number `attempt` (from 1) of what failed so; undefined: it is final. A host that is
 * silent, unknown or refuses connections will mostly go on so: once more is enough.
 */
export function planRetry(error: unknown, attempt: number, policy: RetryPolicy): Retry | undefined {
  const most = isPersistent(error) ? Math.min(1, policy.most) : policy.most;
  if (attempt > most || !isTransient(error)) return undefined;
  const asked = error instanceof RegistryError ? error.retryAfterMs : undefined;
  if (asked !== undefined && asked > longestRetryAfterMs) return undefined;
  const delayMs = asked ?? Math.min(policy.delayMs * 2 ** (attempt - 1), longestDelayMs);
  return { attempt, delayMs, why: error instanceof Error ? error.message : String(error) };
}

function isTransient(error: unknown): boolean {
  if (error instanceof RegistryError) return error.isTransient;
  return error instanceof NetworkError && !isCertificateError(error) && !isProtocolError(error);
}

const persistent = new Set(['ETIMEDOUT', 'ENOTFOUND', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH']);

function isPersistent(error: unknown): boolean {
  return error instanceof NetworkError && persistent.has(error.code);
}

/** Waits, a little longer or shorter each time, so that many who failed together do not come back together. */
export async function pause(retry: Retry, signal: AbortSignal | undefined): Promise<void> {
  await sleep(retry.delayMs * (0.75 + Math.random() / 2), undefined, { signal });
}

export interface RetryOptions {
  readonly policy: RetryPolicy;
  readonly signal?: AbortSignal | undefined;
  readonly onRetry: (retry: Retry) => void;
}

export async function withRetries<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const retry = planRetry(error, attempt, options.policy);
      if (!retry) throw error;
      options.onRetry(retry);
      await pause(retry, options.signal);
    }
  }
}
