// Objects on disk: one JSON file each, 0600, replaced by rename, with a version. A reader ignores members that it does
// not know, and refuses a version newer than its own by name.

import {
  chmodSync,
  closeSync,
  fsync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { TcError } from '../../base/error.ts';
import { errnoOf, unless } from '../../base/system-error.ts';
import { temporaryName } from './temporary-file.ts';

export interface Versioned {
  readonly v: number;
}

/** The object in `path`; undefined if there is no such file. */
export function readJsonFile<T extends Versioned>(path: string, version: T['v']): T | undefined {
  const text = unless(['ENOENT', 'ENOTDIR'], () => readFileSync(path, 'utf8'));
  return text === undefined ? undefined : parseVersioned<T>(text, path, version);
}

function parseVersioned<T extends Versioned>(text: string, path: string, version: T['v']): T {
  let value: Partial<T> | null;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TcError(`${path} is not valid JSON`, {
      code: 'record-damaged',
      kind: 'environment',
      hints: ['`tcompose system check --repair` sets damaged records aside'],
      cause,
    });
  }
  if (typeof value !== 'object' || value === null || typeof value.v !== 'number') {
    throw new TcError(`${path} is not a tcompose record: it has no version`, {
      code: 'record-damaged',
      kind: 'environment',
      hints: ['`tcompose system check --repair` sets damaged records aside'],
    });
  }
  if (value.v > version) {
    throw new TcError(`${path} has version ${value.v}; this tcompose reads up to version ${version}`, {
      code: 'record-too-new',
      kind: 'environment',
      hints: ['use the newer tcompose that wrote it'],
    });
  }
  return value as T;
}

/** Replaces `path` durably: after this returns, a power failure leaves the new content. */
export async function writeJsonFile(path: string, value: Versioned): Promise<void> {
  const temporary = temporaryName(path);
  await writeNewJsonFile(temporary, value);
  renameSync(temporary, path);
  await syncDirectory(dirname(path));
}

/** Durable content of a file whose directory becomes visible later, in one step: nobody sees it half written. */
export async function writeNewJsonFile(path: string, value: Versioned): Promise<void> {
  const file = openCreating(path);
  try {
    writeFileSync(file, `${JSON.stringify(value)}\n`);
    await sync(file);
  } finally {
    closeSync(file);
  }
}

/** Replaces `path` in one step for other processes, without waiting for the disk. */
export function writeVolatileFile(path: string, text: string, mode = 0o600): void {
  const temporary = temporaryName(path);
  try {
    writeFileSync(temporary, text, { mode });
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, text, { mode });
  }
  // The umask has narrowed what is meant for others too.
  if (mode !== 0o600) chmodSync(temporary, mode);
  renameSync(temporary, path);
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = openSync(path, 'r');
  try {
    await sync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Only this waits for the disk, so only this leaves the event loop: each step there costs more than a small write. */
function sync(file: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(file, (error) => (error ? reject(error) : resolve()));
  });
}

/** Removes a file that may be gone already. */
export function removeFile(path: string): void {
  unless(['ENOENT', 'ENOTDIR'], () => unlinkSync(path));
}

function openCreating(path: string): number {
  const create = () => openSync(path, 'w', 0o600);
  const file = unless(['ENOENT'], create);
  if (file !== undefined) return file;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return create();
}
