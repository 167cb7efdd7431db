import { sha256 } from '../../base/sha256.ts';

/** Hex, of anything that JSON can say. */
export function keyOf(...parts: readonly unknown[]): string {
  return sha256(JSON.stringify(parts));
}
