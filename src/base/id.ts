// Identifiers: 64 lower-case hex digits, random, as the OCI world writes them.

import { closeSync, openSync, readSync } from 'node:fs';

/** From urandom(4): node:crypto, which asks the same kernel, takes milliseconds to load. */
export function createId(): string {
  const bytes = Buffer.alloc(32);
  const source = openSync('/dev/urandom', 'r');
  try {
    // A read of up to 256 bytes is never short.
    readSync(source, bytes);
  } finally {
    closeSync(source);
  }
  return bytes.toString('hex');
}

/** The first 12 digits: what people read and type. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

export function isId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
