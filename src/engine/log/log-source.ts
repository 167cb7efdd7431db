// One container's json-file log on disk: `log`, and what rotation set aside as `log.1` (newer) to `log.n` (older), some of
// it compressed. Reads forwards from a chosen place and can be asked again for what was added since, however often the file was rotated.

import { statSync } from 'node:fs';
import type { LogCursor } from '../ports.ts';
import { type LogFile, openLogFile } from './log-file.ts';

const BLOCK = 64 * 1024;
const NEWLINE = 0x0a;
const EMPTY = Buffer.alloc(0);

interface OpenFile {
  readonly content: LogFile;
  position: number;
}

export class LogSource {
  readonly #path: string;
  /** Oldest first; the last is, or was, `log` itself. */
  #files: OpenFile[] = [];
  /** A line whose end is not written yet. */
  #partial = EMPTY;
  readonly #block = Buffer.allocUnsafe(BLOCK);

  /** From its beginning, or from where `cursor` is; if that was rotated away, from the oldest there is. */
  constructor(path: string, cursor?: LogCursor) {
    this.#path = path;
    this.#files = this.#openFrom(undefined);
    if (cursor === undefined) return;
    // A file only grows, and so does its identity as long as it is short.
    const index = this.#files.findIndex(({ content }) => content.identity().startsWith(cursor.file));
    for (const { content } of this.#files.splice(0, Math.max(0, index))) content.close();
    if (index >= 0 && this.#files[0]) this.#files[0].position = cursor.position;
  }

  /** Behind the last line that was read, once `readLines` has come to its end. Undefined: there is no log yet. */
  get cursor(): LogCursor | undefined {
    const file = this.#files[0];
    return file && { file: file.content.identity(), position: file.position - this.#partial.length };
  }

  /** Goes to where the last `count` lines begin. */
  seekTail(count: number): void {
    let missing = count;
    for (let index = this.#files.length - 1; index >= 0; index -= 1) {
      const file = this.#files[index];
      if (file === undefined) continue;
      const found = missing > 0 ? this.#findTail(file, missing) : undefined;
      file.position = found?.position ?? file.content.size();
      missing -= found?.lines ?? 0;
    }
  }

  /** Complete lines from here to the end of what is written by now. */
  *readLines(): Generator<string> {
    for (;;) {
      const file = this.#files[0];
      if (file === undefined) {
        this.#files = this.#openFrom(undefined);
        if (this.#files.length === 0) return;
        continue;
      }
      yield* this.#readFile(file);
      if (!this.#moveOn(file)) return;
    }
  }

  close(): void {
    for (const { content } of this.#files) content.close();
    this.#files = [];
  }

  *#readFile(file: OpenFile): Generator<string> {
    // Rotation with a single file truncates it: what follows starts at its beginning.
    if (file.content.size() < file.position) {
      file.position = 0;
      this.#partial = EMPTY;
    }
    for (;;) {
      const length = file.content.read(this.#block, BLOCK, file.position);
      if (length === 0) return;
      file.position += length;
      yield* this.#splitBlock(this.#block.subarray(0, length));
    }
  }

  *#splitBlock(block: Buffer): Generator<string> {
    let start = 0;
    for (;;) {
      const end = block.indexOf(NEWLINE, start);
      if (end < 0) break;
      const line = block.subarray(start, end);
      start = end + 1;
      if (this.#partial.length === 0) yield line.toString('utf8');
      else {
        const whole = Buffer.concat([this.#partial, line]);
        this.#partial = EMPTY;
        yield whole.toString('utf8');
      }
    }
    if (start < block.length) this.#partial = Buffer.concat([this.#partial, block.subarray(start)]);
  }

  /** To the next newer file, if this one is finished: if `log` is another file by now. */
  #moveOn(file: OpenFile): boolean {
    if (this.#files.length === 1) {
      const current = statSync(this.#path, { throwIfNoEntry: false });
      if (current === undefined || current.ino === file.content.inode) return false;
      this.#files.push(...this.#openFrom(file.content.identity()));
      // The monitor may have written to the old file between our last read of it and its rotation.
      if (file.content.size() > file.position) return true;
    }
    file.content.close();
    this.#files.shift();
    this.#partial = EMPTY;
    return this.#files.length > 0;
  }

  /**
   * Opens `log` and its predecessors, oldest first, down to but without the one with identity `known`. A rotation in the
   * middle of it moves every file one name on: then one is met twice, or one name is empty for a moment.
   */
  #openFrom(known: string | undefined): OpenFile[] {
    const files: OpenFile[] = [];
    for (let n = 0, gaps = 0; gaps < 2; n += 1) {
      const path = n === 0 ? this.#path : `${this.#path}.${n}`;
      const content = openLogFile(path);
      if (content === undefined) {
        gaps += 1;
        continue;
      }
      const identity = content.identity();
      const isMet = files.some((file) => file.content.identity() === identity);
      if (identity === known || isMet) content.close();
      if (identity === known) break;
      if (!isMet) files.unshift({ content, position: 0 });
    }
    return files;
  }

  /** Where the last `count` lines of one file begin, and how many it has if they are fewer. */
  #findTail(file: OpenFile, count: number): { position: number; lines: number } {
    const size = file.content.size();
    let lines = 0;
    let end = size;
    while (end > 0) {
      const start = Math.max(0, end - BLOCK);
      const length = file.content.read(this.#block, end - start, start);
      for (let at = length - 1; at >= 0; at -= 1) {
        // The newline at the very end closes the last line; every other one opens the line behind it.
        if (this.#block[at] !== NEWLINE || start + at === size - 1) continue;
        lines += 1;
        if (lines === count) return { position: start + at + 1, lines };
      }
      end = start;
    }
    return { position: 0, lines: size > 0 ? lines + 1 : 0 };
  }
}
