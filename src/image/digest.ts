// Content digests. Nothing outside this file may turn a string into a `Digest`: a digest becomes part of a path
// (CVE-2024-3727), so its form is checked before any other use.

import { TcError } from '../base/error.ts';
import { sha256 } from '../base/sha256.ts';

declare const checked: unique symbol;

/** `sha256:` and 64 lower-case hex digits. */
export type Digest = string & { readonly [checked]: true };

const pattern = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && pattern.test(text);
}

/** `where` names the document that holds the digest, for the message. */
export function parseDigest(text: unknown, where: string): Digest {
  if (isDigest(text)) return text;
  const shown = typeof text === 'string' ? JSON.stringify(text.slice(0, 100)) : typeof text;
  throw new TcError(`${where}: ${shown} is not a digest`, {
    code: 'invalid-digest',
    hints: ['a digest is "sha256:" and 64 lower-case hexadecimal digits; other algorithms are not supported'],
  });
}

export function digestOf(content: string | Uint8Array): Digest {
  return `sha256:${sha256(content)}` as Digest;
}

/** From the hex of a finished SHA-256 hash. */
export function digestOfHash(hash: { digest(encoding: 'hex'): string }): Digest {
  return `sha256:${hash.digest('hex')}` as Digest;
}

/** The 64 hex digits: the name of a file under blobs/sha256. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

/**
 * Identity of a stack of layers (image-spec, config.md, "Layer ChainID"), bottommost first. One result per layer: the
 * chain id of the stack that ends there.
 */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : digestOf(`${below} ${diffId}`));
  }
  return chain;
}
