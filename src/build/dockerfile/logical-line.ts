// A Dockerfile as logical lines: continuation lines joined, comments taken out, every character's place kept.

import type { SourcePosition } from '../../base/error.ts';

/** A run of characters that stand together in the file. */
interface Piece {
  /** Where it begins in the joined text. */
  readonly start: number;
  readonly line: number;
  readonly col: number;
}

/** One instruction without its here-documents. */
export class LogicalLine {
  readonly text: string;
  readonly file: string;
  /** 1-based, of the file. */
  readonly firstLine: number;
  readonly lastLine: number;
  /** Comment lines that stand directly above, without their `#`. */
  readonly comments: readonly string[];
  readonly #pieces: readonly Piece[];

  constructor(parts: {
    readonly text: string;
    readonly file: string;
    readonly pieces: readonly Piece[];
    readonly lastLine: number;
    readonly comments: readonly string[];
  }) {
    this.text = parts.text;
    this.file = parts.file;
    this.#pieces = parts.pieces;
    this.firstLine = parts.pieces[0]?.line ?? 1;
    this.lastLine = parts.lastLine;
    this.comments = parts.comments;
  }

  /** Where a character of the text stands in the file. */
  place(offset: number): SourcePosition {
    const piece = this.#pieces.findLast(({ start }) => start <= offset) ?? this.#pieces[0];
    const { start = 0, line = 1, col = 1 } = piece ?? {};
    return { file: this.file, line, col: col + offset - start };
  }
}

export interface ReaderOptions {
  readonly file: string;
  readonly text: string;
}

/** Gives one logical line after the other; here-documents are read in between by whoever finds their words. */
export class LineReader {
  /** The last lines of instructions that have an empty one in their middle. */
  readonly emptyContinuations: SourcePosition[] = [];
  readonly #file: string;
  readonly #lines: readonly string[];
  readonly #continuation: RegExp;
  #next = 0;

  constructor({ file, text }: ReaderOptions, escapeToken: string) {
    this.#file = file;
    this.#lines = splitLines(text);
    const token = escapeToken === '`' ? '`' : '\\\\';
    // An escaped escape character at the end of a line does not go on.
    this.#continuation = new RegExp(`(^|[^${token}])${token}[ \\t]*$`);
  }

  /** Undefined at the end of the file. */
  next(): LogicalLine | undefined {
    let comments: string[] = [];
    for (; this.#next < this.#lines.length; this.#next++) {
      const line = this.#lines[this.#next] ?? '';
      const comment = readComment(line);
      if (comment !== undefined) {
        comments = comment === '' ? [] : [...comments, comment];
      } else if (line.trim() === '') {
        comments = [];
      } else {
        return this.#join(comments);
      }
    }
    return undefined;
  }

  #join(comments: readonly string[]): LogicalLine {
    const pieces: Piece[] = [];
    let text = '';
    let goesOn = true;
    let hasEmpty = false;
    for (let isFirst = true; goesOn && this.#next < this.#lines.length; isFirst = false) {
      const raw = this.#lines[this.#next++] ?? '';
      const number = this.#next;
      if (!isFirst && readComment(raw) !== undefined) continue;
      if (!isFirst && raw.trim() === '') {
        hasEmpty = true;
        continue;
      }
      const indent = isFirst ? raw.length - raw.trimStart().length : 0;
      const line = raw.slice(indent);
      goesOn = this.#continuation.test(line);
      pieces.push({ start: text.length, line: number, col: indent + 1 });
      text += goesOn ? line.replace(this.#continuation, '$1') : line;
    }
    if (hasEmpty) this.emptyContinuations.push({ file: this.#file, line: this.#next, col: 1 });
    return new LogicalLine({ text, file: this.#file, pieces, lastLine: this.#next, comments });
  }

  /** The lines up to the one that is `name`, with their ends; undefined if the file ends before it. */
  readHeredoc(name: string, stripTabs: boolean): string | undefined {
    let content = '';
    while (this.#next < this.#lines.length) {
      const line = this.#lines[this.#next++] ?? '';
      if ((stripTabs ? line.replace(/^\t+/, '') : line) === name) return content;
      content += `${line}\n`;
    }
    return undefined;
  }

  /** Of the last line that was read. */
  get line(): number {
    return this.#next;
  }
}

/** Without their ends; a byte order mark and carriage returns are none of the text. */
export function splitLines(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => line.replace(/\r+$/, ''));
}

function readComment(line: string): string | undefined {
  return /^\s*#(.*)$/.exec(line)?.[1]?.trim();
}
