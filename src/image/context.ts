// What the operations of the store share. Made once per store; opens nothing until something is written.

import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Native } from '../runtime/native.ts';
import { ImageCatalog } from './content/catalog.ts';
import { ContentStore } from './content/content-store.ts';
import { FilesystemSync, makeDirectories } from './content/durable.ts';
import { describeDiskError } from './content/files.ts';
import { resolveLayout, type StoreLayout } from './content/layout.ts';
import { type HeldLock, NamedLocks } from './content/named-lock.ts';
import { Publication } from './content/publication.ts';
import type { ResolvedImage } from './image.ts';
import type { InstallTarget } from './install.ts';
import { LayerStore } from './layer/layer-store.ts';
import type { RegistrySettings } from './registry/settings.ts';

export type ImageNative = Pick<
  Native,
  'lock' | 'tryLock' | 'openDirectory' | 'close' | 'syncFilesystem' | 'spawnArchiver' | 'removeTree'
>;

export interface ImageStoreOptions {
  /** The data root. */
  readonly root: string;
  readonly native: ImageNative;
  /** Absolute path of tcrun. */
  readonly executable: string;
  /** Resolves the image `host`. */
  readonly host: () => Promise<ResolvedImage>;
  readonly registries: RegistrySettings;
}

export interface StoreContext extends InstallTarget {
  readonly layout: StoreLayout;
  readonly locks: NamedLocks;
  readonly catalog: ImageCatalog;
  readonly options: ImageStoreOptions;
  /** Makes what is missing of the store's directories. */
  prepare(): Promise<void>;
  /** Resolves when everything in the store is on the disk: before something that outlives a power cut refers to it. */
  settle(): Promise<void>;
  /** Removes what a power cut has torn. */
  recover(): Promise<void>;
  /** While it is held nothing is collected. Taken by everything that adds to the store, or is about to use it. */
  lease(): Promise<HeldLock>;
}

export function createStoreContext(options: ImageStoreOptions): StoreContext {
  const { root, native, executable } = options;
  const layout = resolveLayout(root);
  const locks = new NamedLocks(layout.locks, native);
  const publication = new Publication(layout, locks, new FilesystemSync(root, native));
  const tools = { native, executable };
  let prepared: Promise<void> | undefined;
  const prepare = () => {
    prepared ??= prepareLayout(layout).then(() => context.recover());
    return prepared;
  };
  const context: StoreContext = {
    layout,
    locks,
    options,
    tools,
    content: new ContentStore(layout, locks, publication),
    layers: new LayerStore({ layout, locks, publication, tools }),
    catalog: new ImageCatalog(layout, locks),
    prepare,
    settle: () => publication.settle(),
    recover: () =>
      publication.recover(async (since) => {
        const { removeTorn } = await import('./recover.ts');
        await removeTorn(context, since);
      }),
    async lease() {
      await prepare();
      return (await locks.hold('lease', 'shared')) as HeldLock;
    },
  };
  return context;
}

async function prepareLayout(layout: StoreLayout): Promise<void> {
  const { images, blobs, ingest, layers, staging, locks, archives } = layout;
  makeDirectories([layout.root, images, blobs, ingest, layers, staging, locks, archives]);
  const marker = join(images, 'oci-layout');
  if (!existsSync(marker)) await writeFile(marker, '{"imageLayoutVersion":"1.0.0"}');
}

/** Runs `work` while nothing is collected. */
export async function withLease<T>(context: StoreContext, work: () => Promise<T>): Promise<T> {
  try {
    const lease = await context.lease();
    try {
      return await work();
    } finally {
      await lease.release();
    }
  } catch (error) {
    throw describeDiskError(error, context.layout.root);
  }
}
