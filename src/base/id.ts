// Identifiers: 64 lower-case hex digits, random, as the OCI world writes them.

import { randomBytes } from 'node:crypto';

export function createId(): string {
  return randomBytes(32).toString('hex');
}

/** The first 12 digits: what people read and type. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

export function isId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
