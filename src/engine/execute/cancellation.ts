// A command that takes a project down does not wait for one that builds it up: it asks that one to give way.
// The request is a file beside the project's lock; whoever holds or waits for the project watches for it.

import { type FSWatcher, mkdirSync, readFileSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { TcError } from '../../base/error.ts';
import { FULL_DISK, unless } from '../../base/system-error.ts';
import { removeFile, writeVolatileFile } from '../record/json-file.ts';

/** Verbs that make what others wait for impossible. */
const CANCELLING: readonly string[] = ['down', 'stop', 'kill', 'rm', 'system stop'];

export function isCancelling(verb: string): boolean {
  return CANCELLING.includes(verb);
}

/** Asks every other command on the project to give way, until the returned function is called. */
export function requestCancellation(path: string, verb: string): () => void {
  // On a full disk nobody is asked, and this one waits its turn: it may be what makes room.
  unless(FULL_DISK, () => writeVolatileFile(path, `${JSON.stringify({ pid: process.pid, verb })}\n`));
  return () => removeFile(path);
}

export interface CancellationWatch {
  readonly signal: AbortSignal;
  close(): void;
}

/** Fires when a request is made from now on; older ones were meant for others. */
export function watchCancellation(path: string): CancellationWatch {
  const controller = new AbortController();
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const watcher = tryWatch(dirname(path), (name) => {
    if (name !== basename(path)) return;
    const request = readRequest(path);
    if (request) controller.abort(cancelled(request));
  });
  return { signal: controller.signal, close: () => watcher?.close() };
}

/** Without inotify (its instances are few and may be used up) nobody is asked: the other command waits its turn. */
function tryWatch(directory: string, onChange: (name: string | null) => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, { persistent: false }, (_, name) => onChange(name));
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

interface CancellationRequest {
  readonly pid: number;
  readonly verb: string;
}

function readRequest(path: string): CancellationRequest | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // Gone again: whoever asked has got what it wanted.
    return undefined;
  }
}

function cancelled({ verb, pid }: CancellationRequest): TcError {
  return new TcError(`cancelled by "tcompose ${verb}" (pid ${pid})`, { code: 'cancelled', exitCode: 130 });
}
