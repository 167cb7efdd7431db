// One file of events, read on from where the last reading ended, in whole lines.

import { closeSync, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { unless } from '../../base/system-error.ts';

const CHUNK = 64 * 1024;

export class EventTail {
  readonly #fd: number;
  readonly #decoder = new StringDecoder('utf8');
  #position: number;
  #pending = '';

  private constructor(fd: number, position: number) {
    this.#fd = fd;
    this.#position = position;
  }

  /** None if there is no such file. */
  static fromStart(path: string): EventTail[] {
    const fd = openIfThere(path);
    return fd === undefined ? [] : [new EventTail(fd, 0)];
  }

  /** Only what is still to be written. */
  static atEnd(path: string): EventTail[] {
    const fd = openIfThere(path);
    return fd === undefined ? [] : [new EventTail(fd, fstatSync(fd).size)];
  }

  isAt({ dev, ino }: Stats): boolean {
    const own = fstatSync(this.#fd);
    return own.dev === dev && own.ino === ino;
  }

  *read(): Generator<string> {
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (;;) {
      const size = readSync(this.#fd, buffer, 0, CHUNK, this.#position);
      if (size === 0) return;
      this.#position += size;
      const lines = (this.#pending + this.#decoder.write(buffer.subarray(0, size))).split('\n');
      this.#pending = lines.pop() ?? '';
      yield* lines;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function openIfThere(path: string): number | undefined {
  return unless(['ENOENT', 'ENOTDIR'], () => openSync(path, 'r'));
}
