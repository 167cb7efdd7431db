// Where things were written. All files of one load share one number line, so that a place is a single small integer
// and a line is counted only when somebody asks for it (as go/token does).

import type { SourcePosition } from '../../base/error.ts';

/** A place in some file of the load: its base plus an offset in UTF-16 units. 0: nowhere. */
export type Place = number;

export const nowhere: Place = 0;

export class SourceText {
  readonly file: string;
  readonly text: string;
  /** The place of the file's first character. */
  readonly base: Place;
  private lineStarts: number[] | undefined;

  constructor(file: string, text: string, base: Place) {
    this.file = file;
    this.text = text;
    this.base = base;
  }

  positionAt(offset: number): SourcePosition {
    const starts = this.starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { file: this.file, line: low + 1, col: offset - (starts[low] ?? 0) + 1 };
  }

  private starts(): number[] {
    if (!this.lineStarts) {
      this.lineStarts = [0];
      for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1)) {
        this.lineStarts.push(at + 1);
      }
    }
    return this.lineStarts;
  }
}

/** The files of one load. */
export class Sources {
  private readonly files: SourceText[] = [];
  private end: Place = 1;

  add(file: string, text: string): SourceText {
    const source = new SourceText(file, text, this.end);
    this.files.push(source);
    this.end += text.length + 1;
    return source;
  }

  positionOf(place: Place): SourcePosition | undefined {
    const source = this.sourceOf(place);
    return source?.positionAt(place - source.base);
  }

  /** The file that holds a place, and its text: for excerpts. */
  sourceOf(place: Place): SourceText | undefined {
    if (place <= 0 || place >= this.end) return undefined;
    let low = 0;
    let high = this.files.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.files[middle]?.base ?? 0) <= place) low = middle;
      else high = middle - 1;
    }
    return this.files[low];
  }

  /** A file of this load, if it has been read. */
  find(file: string): SourceText | undefined {
    return this.files.find((source) => source.file === file);
  }
}
