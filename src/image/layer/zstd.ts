// zstd where Node.js has none (before 22.15). The decoder is a package; what it is given is cut at block boundaries here,
// so that a hostile stream gets no more memory than one window and one block (RFC 8878, "Frames" and "Blocks").

import { Decompress } from 'fzstd';

/** What the zstd program decodes without being asked for more. */
const largestWindow = 128 * 1024 * 1024;
const largestBlock = 128 * 1024;

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;

type Part = 'magic' | 'skippable size' | 'descriptor' | 'frame header' | 'block header';

interface Next {
  readonly part: Part;
  readonly length: number;
}

/** Follows the frames of a stream by their headers alone. */
class ZstdFrames {
  #part: Part = 'magic';
  #wanted = 4;
  #head: number[] = [];
  #descriptor = 0;
  /** Content that has no header in it. */
  #skip = 0;

  /** Cuts `chunk` where blocks end. Throws at a header that is none, or asks for too much. */
  *split(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    let begin = 0;
    for (let at = 0; at < chunk.length; ) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, chunk.length - at);
        this.#skip -= passed;
        at += passed;
        if (this.#skip > 0) break;
        yield chunk.subarray(begin, at);
        begin = at;
      } else {
        this.#head.push(chunk[at++] as number);
        if (this.#head.length === this.#wanted) this.#read(this.#head.splice(0));
      }
    }
    if (begin < chunk.length) yield chunk.subarray(begin);
  }

  end(): void {
    const isBetweenFrames = this.#part === 'magic' && this.#head.length === 0 && this.#skip === 0;
    if (!isBetweenFrames) throw new Error('it ends in the middle of a frame');
  }

  #read(bytes: readonly number[]): void {
    const number = bytes.reduceRight((value, byte) => value * 256 + byte, 0);
    const next = this.#parts[this.#part](number, bytes);
    this.#part = next.part;
    this.#wanted = next.length;
  }

  readonly #parts: Readonly<Record<Part, (number: number, bytes: readonly number[]) => Next>> = {
    magic: (number) => {
      if (number === frameMagic) return { part: 'descriptor', length: 1 };
      if (number - (number % 16) !== skippableMagic) throw new Error('a frame of another kind follows');
      return { part: 'skippable size', length: 4 };
    },
    'skippable size': (size) => {
      this.#skip = size;
      return { part: 'magic', length: 4 };
    },
    descriptor: (descriptor) => {
      this.#descriptor = descriptor;
      return { part: 'frame header', length: headerLength(descriptor) };
    },
    'frame header': (_, bytes) => {
      const window = windowSize(this.#descriptor, bytes);
      if (window > largestWindow) throw new Error(`its window of ${window} bytes is too large`);
      return { part: 'block header', length: 3 };
    },
    'block header': (header) => this.#readBlock(header),
  };

  #readBlock(header: number): Next {
    const isLast = (header & 1) === 1;
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === 3 || size > largestBlock) throw new Error('a block is of no known type');
    const isRepeatedByte = type === 1;
    const hasChecksum = (this.#descriptor & 4) !== 0;
    this.#skip = (isRepeatedByte ? 1 : size) + (isLast && hasChecksum ? 4 : 0);
    return isLast ? { part: 'magic', length: 4 } : { part: 'block header', length: 3 };
  }
}

const isSingleSegment = (descriptor: number) => (descriptor & 0x20) !== 0;
const dictionaryLength = (descriptor: number) => [0, 1, 2, 4][descriptor & 3] ?? 0;

/** Length of the field with the content's size; none only if a window is named instead. */
function contentSizeLength(descriptor: number): number {
  const flag = descriptor >> 6;
  if (flag > 0) return 1 << flag;
  return isSingleSegment(descriptor) ? 1 : 0;
}

function headerLength(descriptor: number): number {
  const windowLength = isSingleSegment(descriptor) ? 0 : 1;
  return windowLength + dictionaryLength(descriptor) + contentSizeLength(descriptor);
}

function windowSize(descriptor: number, header: readonly number[]): number {
  if (isSingleSegment(descriptor)) {
    const field = header.slice(dictionaryLength(descriptor));
    const size = field.reduceRight((value, byte) => value * 256 + byte, 0);
    return field.length === 2 ? size + 256 : size;
  }
  const [window = 0] = header;
  const base = 2 ** (10 + (window >> 3));
  return base + (base / 8) * (window & 7);
}

/** Yields the plain bytes; throws an Error at what is no zstd, or ends too early. */
export async function* decodeZstd(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const plain: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => plain.push(chunk));
  const frames = new ZstdFrames();
  for await (const chunk of chunks) {
    for (const piece of frames.split(chunk)) {
      decoder.push(piece, false);
      yield* plain.splice(0);
    }
  }
  frames.end();
  decoder.push(new Uint8Array(0), true);
  yield* plain;
}
