// Unpacked layers by chain id. A layer is staged under a name of its own, settled on the layers below, and
// renamed into place: what has its final name is whole.

import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createId } from '../../base/id.ts';
import { unless } from '../../base/system-error.ts';
import { ignoreAbsent } from '../content/files.ts';
import { layerPath, type StoreLayout } from '../content/layout.ts';
import type { HeldLock, NamedLocks, Waiting } from '../content/named-lock.ts';
import type { Publication } from '../content/publication.ts';
import { type Digest, hexOf } from '../digest.ts';
import type { ArchiveTools } from './role.ts';
import { settleLayer, type Unpacked } from './untar.ts';

export interface LayerRecord {
  readonly version: 1;
  readonly chainId: Digest;
  readonly diffId: Digest;
  readonly parent?: Digest;
  /** Content of its files. */
  readonly bytes: number;
  readonly entries: number;
  /** Size of the uncompressed archive. */
  readonly tarSize: number;
}

export interface LayerStoreParts {
  readonly layout: StoreLayout;
  readonly locks: NamedLocks;
  readonly publication: Publication;
  readonly tools: ArchiveTools;
}

export class LayerStore {
  readonly #parts: LayerStoreParts;

  constructor(parts: LayerStoreParts) {
    this.#parts = parts;
  }

  /** The directory for overlayfs. */
  path(chainId: Digest): string {
    return layerPath(this.#parts.layout, chainId);
  }

  async has(chainId: Digest): Promise<boolean> {
    return existsSync(this.path(chainId));
  }

  async readRecord(chainId: Digest): Promise<LayerRecord | undefined> {
    const path = join(dirname(this.path(chainId)), 'layer.json');
    const text = unless(['ENOENT'], () => readFileSync(path, 'utf8'));
    return text === undefined ? undefined : (JSON.parse(text) as LayerRecord);
  }

  async list(): Promise<Digest[]> {
    const names = await readdir(this.#parts.layout.layers).catch(() => []);
    return names.filter((name) => /^[0-9a-f]{64}$/.test(name)).map((name) => `sha256:${name}` as Digest);
  }

  /** Begins to unpack a layer; undefined if it is here. Whoever has the stage holds the layer's lock, and closes it. */
  async begin(chainId: Digest, waiting?: Waiting): Promise<LayerStage | undefined> {
    if (await this.has(chainId)) return undefined;
    const lock = await this.#parts.locks.acquire(`layer-${hexOf(chainId)}`, waiting);
    try {
      if (await this.has(chainId)) {
        await lock.release();
        return undefined;
      }
      return await this.#stage(lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Begins to unpack a layer whose identity is known only at its end. */
  async beginUnknown(): Promise<LayerStage> {
    return this.#stage(await this.#parts.locks.acquire(`stage-${createId()}`));
  }

  async #stage(lock: HeldLock): Promise<LayerStage> {
    const directory = join(this.#parts.layout.staging, createId());
    await mkdir(join(directory, 'diff'), { recursive: true, mode: 0o755 });
    return new LayerStage(directory, lock, this.#parts);
  }

  async remove(chainId: Digest): Promise<void> {
    // Out of sight first: a layer that is half removed must not be found.
    const hidden = join(this.#parts.layout.staging, createId());
    const moved = await rename(dirname(this.path(chainId)), hidden).then(() => true, ignoreAbsent);
    if (moved) await removeDirectory(this.#parts.tools, hidden);
  }
}

export interface LayerIdentity {
  readonly chainId: Digest;
  readonly diffId: Digest;
  /** Chain ids of the layers below, topmost first. */
  readonly parents: readonly Digest[];
  readonly tarSize: number;
}

/** One layer on its way in. */
export class LayerStage {
  readonly #directory: string;
  readonly #lock: HeldLock;
  readonly #parts: LayerStoreParts;

  constructor(directory: string, lock: HeldLock, parts: LayerStoreParts) {
    this.#directory = directory;
    this.#lock = lock;
    this.#parts = parts;
  }

  /** What is to be filled. */
  get diff(): string {
    return join(this.#directory, 'diff');
  }

  /** To be shared with whoever fills it. */
  get lock(): number {
    return this.#lock.fd;
  }

  /** Gives the layer its final name. Its parents must have theirs if it has directories that it does not describe. */
  async publish(identity: LayerIdentity, unpacked: Unpacked, what: string): Promise<void> {
    const { layout, publication, tools } = this.#parts;
    if (unpacked.implicit.length > 0 && identity.parents.length > 0) {
      await settleLayer(tools, {
        what,
        directory: this.diff,
        parents: identity.parents.map((parent) => layerPath(layout, parent)),
        implicit: unpacked.implicit,
        lock: this.#lock.fd,
      });
    }
    const [parent] = identity.parents;
    const record: LayerRecord = {
      version: 1,
      chainId: identity.chainId,
      diffId: identity.diffId,
      ...(parent === undefined ? {} : { parent }),
      bytes: unpacked.bytes,
      entries: unpacked.entries,
      tarSize: identity.tarSize,
    };
    await writeFile(join(this.#directory, 'layer.json'), `${JSON.stringify(record)}\n`);
    await publication.publish(() => this.#rename(dirname(layerPath(layout, identity.chainId))));
  }

  async #rename(final: string): Promise<void> {
    const isTaken = await rename(this.#directory, final).then(
      () => false,
      (error) => {
        if (error.code === 'ENOTEMPTY' || error.code === 'EEXIST') return true;
        throw error;
      },
    );
    // Whoever unpacked the same layer without knowing its name may have been first; both are equal.
    if (!isTaken || (await stat(join(final, 'diff')).catch(ignoreAbsent))) return;
    // What somebody left of a layer is none.
    await removeDirectory(this.#parts.tools, final);
    await rename(this.#directory, final);
  }

  /** Empties the stage, to fill it once more. */
  async reset(): Promise<void> {
    await removeDirectory(this.#parts.tools, this.diff);
    await mkdir(this.diff, { mode: 0o755 });
  }

  /** Removes what was not published. */
  async close(): Promise<void> {
    await removeDirectory(this.#parts.tools, this.#directory);
    await this.#lock.release();
  }
}

/** By descriptors: the tree may hold names and symlinks that a stranger chose. */
export async function removeDirectory(tools: ArchiveTools, path: string): Promise<void> {
  const parent = tools.native.openDirectory(dirname(path));
  try {
    await tools.native.removeTree(parent, basename(path));
  } finally {
    tools.native.close(parent);
  }
}
