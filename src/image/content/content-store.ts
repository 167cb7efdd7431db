// Blobs by digest: a name under blobs/sha256 stands for bytes that were verified. Unfinished ones wait in
// ingest/, so that a pull that was cut off goes on where it stopped.

import { createHash, type Hash } from 'node:crypto';
import { constants, createReadStream, readFileSync, statSync, utimesSync } from 'node:fs';
import { type FileHandle, open, rename, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { createId } from '../../base/id.ts';
import { type Descriptor, documentLimit } from '../descriptor.ts';
import { type Digest, digestOf, digestOfHash, hexOf } from '../digest.ts';
import { BlobWriter } from './blob-writer.ts';
import { writeDurably } from './durable.ts';
import { chunkSize, ignoreAbsent, writeAll } from './files.ts';
import type { ImageEntry } from './image-index.ts';
import { blobPath, type StoreLayout } from './layout.ts';
import type { HeldLock, NamedLocks, Waiting } from './named-lock.ts';
import type { Publication } from './publication.ts';
import { readAhead } from './read-ahead.ts';

/** Bytes of a blob from `offset` to its end. It may be asked again, from another offset. */
export type BlobSource = (offset: number) => AsyncIterable<Uint8Array>;

export class ContentStore {
  readonly #layout: StoreLayout;
  readonly #locks: NamedLocks;
  readonly #publication: Publication;

  constructor(layout: StoreLayout, locks: NamedLocks, publication: Publication) {
    this.#layout = layout;
    this.#locks = locks;
    this.#publication = publication;
  }

  path(digest: Digest): string {
    return blobPath(this.#layout, digest);
  }

  /** Bytes of the blob, or undefined if it is not here. */
  async sizeOf(digest: Digest): Promise<number | undefined> {
    return statSync(this.path(digest), { throwIfNoEntry: false })?.size;
  }

  async has(digest: Digest): Promise<boolean> {
    return (await this.sizeOf(digest)) !== undefined;
  }

  /** A manifest, index or config, verified again: it is small. Undefined if it is not here. */
  async readDocument(digest: Digest): Promise<Buffer | undefined> {
    const size = await this.sizeOf(digest);
    if (size === undefined) return undefined;
    if (size > documentLimit) throw damaged(digest, `it has ${size} bytes, too many for a document`);
    const bytes = readFileSync(this.path(digest));
    if (digestOf(bytes) !== digest) throw damaged(digest, 'its content has changed on disk');
    return bytes;
  }

  /** From `offset`, in large pieces. Not verified again: what unpacks it does. */
  read(digest: Digest, offset = 0): AsyncIterable<Buffer> {
    return createReadStream(this.path(digest), { start: offset, highWaterMark: chunkSize });
  }

  /** Stores a document that was made or verified here. */
  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOf(bytes);
    if (!(await this.has(digest))) await writeDurably(this.path(digest), bytes);
    return digest;
  }

  /** A document that was made again is as young as a new one. */
  touch(digest: Digest): void {
    const now = new Date();
    utimesSync(this.path(digest), now, now);
  }

  /** RFC 3339: when an image was given its name last, or what the name stands for was made again. */
  async lastTagged({ digest, tagged }: Pick<ImageEntry, 'digest' | 'tagged'>): Promise<string> {
    const made = statSync(this.path(digest), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return made > Date.parse(tagged) ? new Date(made).toISOString() : tagged;
  }

  /** Begins to store a blob whose digest is not known yet. The caller closes it in any case. */
  create(): Promise<BlobWriter> {
    return BlobWriter.create(join(this.#layout.ingest, `new-${createId()}`), this.#publication);
  }

  /**
   * Begins to store a blob; undefined if it is here already, possibly because another process that was waited for has
   * just finished it. The caller closes the ingest in any case.
   */
  async begin(blob: Descriptor, waiting?: Waiting): Promise<Ingest | undefined> {
    if (await this.has(blob.digest)) return undefined;
    const lock = await this.#locks.acquire(`blob-${hexOf(blob.digest)}`, waiting);
    try {
      if (await this.has(blob.digest)) {
        await lock.release();
        return undefined;
      }
      const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
      const partial = join(this.#layout.ingest, hexOf(blob.digest));
      const file = await open(partial, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
      return new Ingest({
        blob,
        partial,
        file,
        lock,
        final: this.path(blob.digest),
        publication: this.#publication,
      });
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  async remove(digest: Digest): Promise<void> {
    await unlink(this.path(digest)).catch(ignoreAbsent);
  }
}

interface IngestParts {
  readonly blob: Descriptor;
  readonly partial: string;
  readonly final: string;
  readonly file: FileHandle;
  readonly lock: HeldLock;
  readonly publication: Publication;
}

/** One blob on its way in. Whoever has it holds the blob's lock. */
export class Ingest {
  readonly #parts: IngestParts;
  #isVerified = false;
  #resumedFrom = 0;

  constructor(parts: IngestParts) {
    this.#parts = parts;
  }

  /** How many bytes of an earlier attempt the last `receive` began with. */
  get resumedFrom(): number {
    return this.#resumedFrom;
  }

  /**
   * Yields the whole blob once, from its first byte: what an earlier attempt left, then `source`. Ends without an error
   * only if size and digest are right.
   */
  async *receive(source: BlobSource): AsyncGenerator<Uint8Array, void, undefined> {
    const { blob, file } = this.#parts;
    const hash = createHash('sha256');
    let offset = 0;
    for await (const chunk of this.#readPartial()) {
      hash.update(chunk);
      offset += chunk.length;
      yield chunk;
    }
    this.#resumedFrom = offset;
    if (offset < blob.size || blob.size === 0) {
      for await (const chunk of readAhead(source(offset))) {
        if (offset + chunk.length > blob.size)
          throw await this.#refuse(`it goes on after ${blob.size} bytes`);
        hash.update(chunk);
        const written = writeAll(file, chunk, offset);
        // Told when it is awaited.
        written.catch(() => undefined);
        offset += chunk.length;
        try {
          yield chunk;
        } finally {
          await written;
        }
      }
    }
    await this.#verify(hash, offset);
  }

  async *#readPartial(): AsyncGenerator<Buffer> {
    const { blob, file, partial } = this.#parts;
    const { size } = await file.stat();
    if (size > blob.size) await truncate(partial, 0);
    for (let offset = 0; size <= blob.size && offset < size; ) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkSize), 0, chunkSize, offset);
      if (bytesRead === 0) return;
      offset += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async #verify(hash: Hash, received: number): Promise<void> {
    const { blob } = this.#parts;
    if (received < blob.size) throw truncatedBlob(blob, received);
    const actual = digestOfHash(hash);
    if (actual !== blob.digest) throw await this.#refuse(`its bytes have the digest ${actual}`);
    this.#isVerified = true;
  }

  /** Nothing of what arrived may be built upon. */
  async #refuse(why: string): Promise<TcError> {
    await this.discard();
    return new TcError(`blob ${this.#parts.blob.digest} is not what was asked for: ${why}`, {
      code: 'digest-mismatch',
      kind: 'environment',
      hints: ['nothing of it was kept; the registry, a proxy or the archive delivers wrong content'],
    });
  }

  /** Throws away what has arrived so far. */
  async discard(): Promise<void> {
    this.#isVerified = false;
    await this.#parts.file.truncate(0);
  }

  /** Makes the blob visible under its digest. */
  async publish(): Promise<void> {
    if (!this.#isVerified) throw new Error(`blob ${this.#parts.blob.digest} was not received whole`);
    const { file, partial, final, publication } = this.#parts;
    await file.chmod(0o644);
    await publication.publish(() => rename(partial, final));
  }

  /** What has arrived stays for the next attempt. */
  async close(): Promise<void> {
    const { file, lock, partial } = this.#parts;
    const { size } = await file.stat();
    await file.close();
    if (size === 0 && !this.#isVerified) await unlink(partial).catch(ignoreAbsent);
    await lock.release();
  }
}

function truncatedBlob(blob: Descriptor, received: number): TcError {
  return new TcError(`blob ${blob.digest} ended after ${received} of ${blob.size} bytes`, {
    code: 'truncated-blob',
    kind: 'environment',
    hints: ['what arrived is kept: run the command again and it goes on from there'],
  });
}

function damaged(digest: Digest, why: string): TcError {
  return new TcError(`the image store is damaged: blob ${digest}: ${why}`, {
    code: 'damaged-store',
    kind: 'environment',
    hints: ['remove the image and pull or load it again'],
  });
}
