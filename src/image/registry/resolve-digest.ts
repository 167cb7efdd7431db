// What a tag stands for at this moment, without pulling it.

import { type Digest, digestOf, isDigest } from '../digest.ts';
import { acceptedManifests } from '../media-type.ts';
import { formatRepository, type RegistryReference } from '../reference.ts';
import { Registry } from './registry.ts';
import { readDocument } from './response.ts';
import type { RegistrySettings } from './settings.ts';

/** A digest in the reference is the answer. Of an image for several platforms: that of its index. */
export async function resolveDigest(
  settings: RegistrySettings,
  reference: RegistryReference,
  signal?: AbortSignal,
): Promise<Digest> {
  if (reference.digest !== undefined) return reference.digest;
  const registry = new Registry(reference.domain, { settings, use: 'pull', signal });
  try {
    return await askDigest(registry, reference);
  } finally {
    registry.close();
  }
}

/** By HEAD, which registries do not count as a pull; some tell the digest only with the manifest, or not at all. */
async function askDigest(registry: Registry, reference: RegistryReference): Promise<Digest> {
  const head = await registry.ask({ ...manifestAsk(reference), method: 'HEAD', accept: [200, 405] });
  head.discard();
  const digest = head.headers['docker-content-digest'];
  if (head.status === 200 && isDigest(digest)) return digest;
  const ask = manifestAsk(reference);
  return digestOf(await readDocument(await registry.ask(ask), ask.what));
}

export function manifestAsk(reference: RegistryReference) {
  const { repository, digest, tag = 'latest' } = reference;
  return {
    what: `manifest ${digest ?? tag} of ${formatRepository(reference)}`,
    method: 'GET',
    target: `/v2/${repository}/manifests/${digest ?? tag}`,
    headers: { accept: acceptedManifests.join(', ') },
    scopes: [`repository:${repository}:pull`],
    accept: [200],
  };
}
