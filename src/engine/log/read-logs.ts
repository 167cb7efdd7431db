// The logs of several containers as one stream, ordered by time: first what is written, then what comes. Following is
// woken by the kernel; what several containers wrote meanwhile is merged before it is shown.

import { existsSync, type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import type { InstancePaths } from '../instance/paths.ts';
import type { LogRecord, LogRequest } from '../ports.ts';
import { compareTimes, parseLogLine } from './log-line.ts';
import { LogSource } from './log-source.ts';
import { mergeSorted } from './merge.ts';

interface FollowedLog {
  readonly containerId: string;
  readonly directory: string;
  readonly source: LogSource;
}

export async function* readLogs(paths: InstancePaths, request: LogRequest): AsyncGenerator<LogRecord> {
  const logs = request.containers.map(({ id }) => {
    const directory = paths.container(id);
    return {
      containerId: id,
      directory,
      source: new LogSource(join(directory, 'log'), request.cursors?.get(id)),
    };
  });
  // Watching starts before reading: a line is seen by the one or by the other.
  const waker = request.follow ? new LogWaker(logs, request.signal) : undefined;
  try {
    const { tail } = request;
    if (tail !== 'all') for (const { source } of logs) source.seekTail(tail);
    yield* readMerged(logs, request);
    if (waker) yield* follow(logs, waker, request);
    keepCursors(logs, request);
  } finally {
    waker?.close();
    for (const { source } of logs) source.close();
  }
}

function keepCursors(logs: readonly FollowedLog[], { cursors }: LogRequest): void {
  for (const { containerId, source } of logs) {
    const { cursor } = source;
    if (cursor) cursors?.set(containerId, cursor);
  }
}

async function* follow(
  logs: readonly FollowedLog[],
  waker: LogWaker,
  request: LogRequest,
): AsyncGenerator<LogRecord> {
  for (;;) {
    const goesOn = await waker.next();
    yield* readMerged(logs, request);
    if (!goesOn || logs.every(({ directory }) => !existsSync(directory))) return;
  }
}

function readMerged(logs: readonly FollowedLog[], request: LogRequest): Generator<LogRecord> {
  return mergeSorted(
    logs.map((log) => readRecords(log, request)),
    (a, b) => compareTimes(a.time, b.time),
  );
}

function* readRecords(log: FollowedLog, { since, until }: LogRequest): Generator<LogRecord> {
  for (const line of log.source.readLines()) {
    const record = parseLogLine(line, log.containerId);
    if (record === undefined) continue;
    if (since !== undefined && compareTimes(record.time, since) < 0) continue;
    if (until !== undefined && compareTimes(record.time, until) > 0) continue;
    yield record;
  }
}

/** Wakes when a log grows, is rotated or goes away; all of a turn of the event loop are one wake. */
class LogWaker {
  readonly #watchers: FSWatcher[] = [];
  readonly #signal: AbortSignal | undefined;
  #wake: (() => void) | undefined;
  #pending = false;

  constructor(logs: readonly FollowedLog[], signal: AbortSignal | undefined) {
    this.#signal = signal;
    for (const { directory } of logs) {
      try {
        const watcher = watch(directory, (_, name) => this.#notice(name));
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // Removed meanwhile: there is nothing to wait for.
      }
    }
    signal?.addEventListener('abort', this.#notifyAbort, { once: true });
  }

  /** False: the signal has fired, or there is nothing left to watch. */
  async next(): Promise<boolean> {
    if (this.#watchers.length === 0) return false;
    if (!this.#pending && !this.#signal?.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#pending = false;
    return !this.#signal?.aborted;
  }

  close(): void {
    this.#signal?.removeEventListener('abort', this.#notifyAbort);
    for (const watcher of this.#watchers) watcher.close();
  }

  readonly #notifyAbort = () => this.#notice(null);

  #notice(name: string | null): void {
    // The bundle holds other files too; its own name stands for its removal.
    if (name !== null && (name === 'last' || name.endsWith('.tmp'))) return;
    if (this.#pending) return;
    this.#pending = true;
    setImmediate(() => this.#wake?.());
  }
}
