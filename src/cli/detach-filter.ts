// What is typed, until the detach keys are. Apart from them, since whoever has no terminal needs no stream.

import { Transform, type TransformCallback } from 'node:stream';

/**
 * Passes on what is typed, up to the detach keys. Keys that begin like them are held back until the next one tells.
 */
export class DetachFilter extends Transform {
  /** Settles when the keys have been typed. */
  readonly detached: Promise<void>;
  readonly #keys: Buffer;
  readonly #onDetach: () => void;
  /** What was typed and may become the keys. */
  readonly #held: number[] = [];

  constructor(keys: Buffer) {
    super();
    this.#keys = keys;
    let onDetach: () => void = () => undefined;
    this.detached = new Promise((resolve) => {
      onDetach = resolve;
    });
    this.#onDetach = onDetach;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const passed: number[] = [];
    for (const byte of chunk) {
      this.#held.push(byte);
      while (!this.#isBeginning()) passed.push(this.#held.shift() as number);
      if (this.#held.length < this.#keys.length) continue;
      this.#held.length = 0;
      this.#onDetach();
      break;
    }
    done(null, Buffer.from(passed));
  }

  #isBeginning(): boolean {
    return this.#held.every((byte, index) => byte === this.#keys[index]);
  }
}
