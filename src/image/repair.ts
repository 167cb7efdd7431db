// Unpacks again, from the blobs of the store, layers that have gone missing.

import type { ImageEntry } from './content/image-index.ts';
import { type StoreContext, withLease } from './context.ts';
import { malformed } from './descriptor.ts';
import { installImage } from './install.ts';
import { parseManifest } from './manifest.ts';

export async function repairImage(
  context: StoreContext,
  entry: ImageEntry,
  reference: string,
): Promise<void> {
  const where = `manifest of ${reference}`;
  const manifestBytes = await context.content.readDocument(entry.digest);
  if (!manifestBytes)
    throw malformed(where, 'it has gone from the store: remove the image and pull or load it again');
  const manifest = parseManifest(manifestBytes, where, entry.mediaType);
  if (manifest.kind !== 'manifest') throw malformed(where, 'it is an index');
  await withLease(context, () =>
    installImage(context, {
      reference,
      manifest,
      manifestBytes,
      source: (blob) => () => {
        throw malformed(where, `blob ${blob.digest} has gone from the store: pull or load the image again`);
      },
      on: () => undefined,
    }),
  );
}
