// After a power cut: what was published shortly before it may have a name and lack its content. Blobs are hashed again,
// layers come back from them.

import { createHash } from 'node:crypto';
import { readdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ignoreAbsent } from './content/files.ts';
import type { StoreContext } from './context.ts';
import { type Digest, digestOfHash, isDigest } from './digest.ts';

/** Removes what changed after `since` (milliseconds since the epoch) and cannot be shown to be whole. */
export async function removeTorn(context: StoreContext, since: number): Promise<void> {
  const { layout, layers } = context;
  for (const chainId of await layers.list())
    if (await isNewer(dirname(layers.path(chainId)), since)) await layers.remove(chainId);
  for (const name of await readdir(layout.blobs)) {
    const digest = `sha256:${name}`;
    const path = join(layout.blobs, name);
    if (isDigest(digest) && (await isNewer(path, since)) && (await hash(context, digest)) !== digest)
      await unlink(path).catch(ignoreAbsent);
  }
  // So that the archives themselves are read again.
  for (const name of await readdir(layout.archives))
    if (await isNewer(join(layout.archives, name), since)) await unlink(join(layout.archives, name));
}

async function isNewer(path: string, since: number): Promise<boolean> {
  const found = await stat(path).catch(ignoreAbsent);
  return found !== undefined && found.ctimeMs >= since;
}

async function hash(context: StoreContext, digest: Digest): Promise<Digest> {
  const all = createHash('sha256');
  for await (const chunk of context.content.read(digest)) all.update(chunk);
  return digestOfHash(all);
}
