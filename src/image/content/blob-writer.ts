// A blob whose digest is known only when it has been written.

import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { type Digest, digestOfHash } from '../digest.ts';
import { ignoreAbsent, writeAll } from './files.ts';
import type { Publication } from './publication.ts';

export class BlobWriter {
  readonly #temporary: string;
  readonly #file: FileHandle;
  readonly #publication: Publication;
  readonly #hash = createHash('sha256');
  #size = 0;

  private constructor(temporary: string, file: FileHandle, publication: Publication) {
    this.#temporary = temporary;
    this.#file = file;
    this.#publication = publication;
  }

  static async create(temporary: string, publication: Publication): Promise<BlobWriter> {
    return new BlobWriter(temporary, await open(temporary, 'wx', 0o644), publication);
  }

  /** Passes the chunks on as they are written. */
  async *write(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of chunks) {
      this.#hash.update(chunk);
      await writeAll(this.#file, chunk, this.#size);
      this.#size += chunk.length;
      yield chunk;
    }
  }

  /** Gives the blob its name. */
  async publish(
    path: (digest: Digest) => string,
  ): Promise<{ readonly digest: Digest; readonly size: number }> {
    const digest = digestOfHash(this.#hash);
    await this.#publication.publish(() => rename(this.#temporary, path(digest)));
    return { digest, size: this.#size };
  }

  /** Removes what was not published. */
  async close(): Promise<void> {
    await this.#file.close();
    await unlink(this.#temporary).catch(ignoreAbsent);
  }
}
