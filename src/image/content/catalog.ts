// The file index.json: read without a lock, since it is replaced whole; changed under one.

import { readFileSync } from 'node:fs';
import { unless } from '../../base/system-error.ts';
import { isDigest } from '../digest.ts';
import { choosePlatform, type Platform } from '../platform.ts';
import { formatReference, formatRepository, type RegistryReference } from '../reference.ts';
import { writeDurably } from './durable.ts';
import { formatImageIndex, type ImageEntry, parseImageIndex, type StoredIndex } from './image-index.ts';
import type { StoreLayout } from './layout.ts';
import type { NamedLocks } from './named-lock.ts';

export class ImageCatalog {
  readonly #layout: StoreLayout;
  readonly #locks: NamedLocks;

  constructor(layout: StoreLayout, locks: NamedLocks) {
    this.#layout = layout;
    this.#locks = locks;
  }

  async read(): Promise<StoredIndex> {
    const bytes = unless(['ENOENT'], () => readFileSync(this.#layout.index));
    return bytes === undefined ? { entries: [], foreign: [] } : parseImageIndex(bytes, this.#layout.index);
  }

  /** `change` is pure; what it returns is on the disk when this resolves. */
  async update(change: (entries: readonly ImageEntry[]) => readonly ImageEntry[]): Promise<void> {
    const lock = await this.#locks.hold('index', 'exclusive');
    try {
      const { entries, foreign } = await this.read();
      const changed = change(entries);
      if (changed !== entries)
        await writeDurably(this.#layout.index, formatImageIndex({ entries: changed, foreign }));
    } finally {
      await lock?.release();
    }
  }
}

/** The entry that `reference` means on `platform`. With a digest the tag says nothing, as in Docker. */
export function findEntry(
  entries: readonly ImageEntry[],
  reference: RegistryReference,
  platform: Platform,
): ImageEntry | undefined {
  const { digest } = reference;
  const name = formatReference(reference);
  const repository = formatRepository(reference);
  const meant = entries.filter((entry) =>
    digest === undefined
      ? entry.name === name
      : (entry.sourceDigest === digest || entry.digest === digest) &&
        entry.name !== undefined &&
        isInRepository(entry.name, repository),
  );
  return choosePlatform(meant, platform);
}

/** `name` is fully written out. */
function isInRepository(name: string, repository: string): boolean {
  return name.startsWith(`${repository}:`) || name.startsWith(`${repository}@`);
}

/** By image id, whole or its first hex digits; undefined if none or several fit. */
export function findById(entries: readonly ImageEntry[], id: string): ImageEntry | undefined {
  const prefix = id.startsWith('sha256:') ? id : `sha256:${id}`;
  if (!isDigest(prefix) && !/^sha256:[0-9a-f]{4,63}$/.test(prefix)) return undefined;
  const found = entries.filter((entry) => entry.imageId.startsWith(prefix));
  return new Set(found.map((entry) => entry.imageId)).size === 1 ? found[0] : undefined;
}
