// SHA-256 of what is in memory, as 64 hex digits. Loading node:crypto takes longer than most commands have to hash; the
// engine offers its addon, which reaches the same code of OpenSSL. Streams are hashed by node:crypto.

import { createHash, createHmac } from 'node:crypto';

export interface Hashes {
  /** Of all parts, one after the other; strings as UTF-8. */
  sha256(...parts: readonly (string | Uint8Array)[]): string;
  /** RFC 2104. */
  hmacSha256(key: Uint8Array, data: string | Uint8Array): string;
}

const ofNode: Hashes = {
  sha256: (...parts) => {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return hash.digest('hex');
  },
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest('hex'),
};

let hashes: Hashes | undefined;
let findHashes: () => Hashes | undefined = () => undefined;

/** `find` is called when something is hashed first; what it finds answers the same as node:crypto. */
export function offerHashes(find: () => Hashes | undefined): void {
  findHashes = find;
  hashes = undefined;
}

function choose(): Hashes {
  hashes ??= findHashes() ?? ofNode;
  return hashes;
}

export const sha256: Hashes['sha256'] = (...parts) => choose().sha256(...parts);

export const hmacSha256: Hashes['hmacSha256'] = (key, data) => choose().hmacSha256(key, data);
