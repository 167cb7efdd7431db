// Reads events.jsonl, what was set aside of it, and what is still to come.

import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DirectoryWaker } from '../watch/directory-waker.ts';
import type { ContainerEvent, EventRequest } from './event-port.ts';
import { EventTail } from './event-tail.ts';
import { parseEvent } from './parse-event.ts';

/** The longest that a timer of Node's can be set to. */
const LONGEST_TIMER = 2 ** 31 - 1;

export async function* readEvents(path: string, request: EventRequest): AsyncGenerator<ContainerEvent> {
  const { since, until } = request;
  const from = since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since);
  const end = until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until);
  for await (const line of readLines(path, request, end)) {
    const event = parseEvent(line, request);
    if (event === undefined || Date.parse(event.time) < from) continue;
    if (Date.parse(event.time) > end) return;
    yield event;
  }
}

/** Ends when `end` (milliseconds since the epoch) has come or the signal fires; what is written by then is still read. */
async function* readLines(
  path: string,
  { since, signal }: EventRequest,
  end: number,
): AsyncGenerator<string> {
  const ending = endingAt(end, signal);
  let watched = nearestDirectory(dirname(path));
  let waker = new DirectoryWaker([watched], ending.signal);
  const tails: EventTail[] = [];
  try {
    if (since === undefined) tails.push(...EventTail.atEnd(path));
    else tails.push(...EventTail.fromStart(`${path}.1`), ...EventTail.fromStart(path));
    for (;;) {
      // Before the reading: what comes after that is read the next time, if there is one.
      const isLast = ending.signal.aborted;
      for (const tail of tails) yield* tail.read();
      follow(tails, path);
      for (const tail of tails) yield* tail.read();
      if (isLast) return;
      if (watched === nearestDirectory(dirname(path))) await waker.next();
      else {
        waker.close();
        watched = nearestDirectory(dirname(path));
        waker = new DirectoryWaker([watched], ending.signal);
      }
    }
  } finally {
    for (const tail of tails) tail.close();
    waker.close();
    ending.close();
  }
}

/** A file that was set aside is read on for one round: whoever had it open may have written to it since. */
function follow(tails: EventTail[], path: string): void {
  const now = statSync(path, { throwIfNoEntry: false });
  if (now === undefined || tails.at(-1)?.isAt(now)) return;
  while (tails.length > 1) tails.shift()?.close();
  tails.push(...EventTail.fromStart(path));
}

/** An instance that is not made yet has no directory to look at: then the one in which it will be. */
function nearestDirectory(directory: string): string {
  const parent = dirname(directory);
  return existsSync(directory) || parent === directory ? directory : nearestDirectory(parent);
}

function endingAt(end: number, signal: AbortSignal): { readonly signal: AbortSignal; close(): void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const remaining = end - Date.now();
  const timer = remaining <= LONGEST_TIMER ? setTimeout(abort, Math.max(0, remaining)) : undefined;
  if (remaining <= 0 || signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    close() {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    },
  };
}
