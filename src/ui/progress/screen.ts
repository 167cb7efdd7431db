// Rows that are redrawn in place. The drawing is listr2's. It is loaded only once the work has lasted a while, since
// loading it would hold up what is shown: the rows of shorter work are printed at its end.

import type { Sink } from '../sink.ts';
import type { Style } from '../style.ts';

export interface RowOptions {
  readonly sink: Sink;
  readonly style: Style;
  readonly isDryRun: boolean;
  /** Milliseconds. */
  now(): number;
  /** Milliseconds of work before rows are drawn. Default: 80. */
  readonly patience?: number;
}

export type RowState = 'hidden' | 'working' | 'done' | 'failed' | 'left';

export interface Row {
  state: RowState;
  /** Several lines if need be. */
  title: string;
}

/** Draws rows in place, as they are at the moment and whenever they change. */
export interface Drawing {
  update(row: Row): void;
  /** Resolves when the last state of every row is on the screen and the cursor below; rows that go on are left. */
  close(): Promise<void>;
}

export class Screen {
  /** From the moment on at which rows may be on the screen, until they have been drawn for the last time. */
  isDrawn = false;
  readonly #options: RowOptions;
  readonly #rows: readonly Row[];
  readonly #before: Promise<void> | undefined;
  readonly #timer: NodeJS.Timeout;
  #loading: Promise<void> | undefined;
  #drawing: Drawing | undefined;

  /** `before`: until it resolves the terminal is somebody else's. */
  constructor(rows: readonly Row[], options: RowOptions, before?: Promise<void>) {
    this.#rows = rows;
    this.#options = options;
    this.#before = before;
    this.#timer = setTimeout(() => {
      this.isDrawn = true;
      this.#loading = this.#load();
    }, options.patience ?? 80);
  }

  update(row: Row): void {
    this.#drawing?.update(row);
  }

  /** Rows that were not drawn yet are printed at once; undefined: that is done already. */
  close(): Promise<void> | undefined {
    clearTimeout(this.#timer);
    for (const row of this.#rows) if (row.state === 'working') row.state = 'left';
    if (this.#loading) return this.#loading.then(() => this.#finishDrawing());
    if (this.#before) return this.#before.then(() => this.#print());
    this.#print();
    return undefined;
  }

  async #load(): Promise<void> {
    const { drawRows } = await import('./listr-drawing.ts');
    await this.#before;
    this.#drawing = drawRows(this.#rows, this.#options);
  }

  async #finishDrawing(): Promise<void> {
    await this.#drawing?.close();
    this.isDrawn = false;
  }

  #print(): void {
    const { sink, style } = this.#options;
    const shown = this.#rows.filter((row) => row.state !== 'hidden');
    for (const row of shown) sink.write(`${iconOf(row, style)} ${row.title}\n`);
  }
}

function iconOf({ state }: Row, style: Style): string {
  if (state === 'failed') return style.red('✖');
  return state === 'done' ? style.green('✔') : style.dim('…');
}
