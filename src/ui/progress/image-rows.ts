// Images on a terminal: a row for each, its layers below it. Redrawn by the clock, not by the events.

import { describeImage } from './image-text.ts';
import type { ImageProgress } from './image-tracker.ts';
import { type Row, type RowOptions, Screen } from './screen.ts';

/** Rows that wait for an image: which images there are is known only as they come. */
const mostRows = 100;
/** Milliseconds between two drawings. */
const interval = 100;

export class ImageRows {
  readonly #options: RowOptions;
  readonly #rows: readonly Row[] = Array.from({ length: mostRows }, () => ({ state: 'hidden', title: '' }));
  readonly #shown = new Map<ImageProgress, Row>();
  readonly #screen: Screen;
  readonly #timer: NodeJS.Timeout;
  /** Takes changes. */
  isOpen = true;

  constructor(options: RowOptions) {
    this.#options = options;
    this.#screen = new Screen(this.#rows, options);
    this.#timer = setInterval(() => this.#drawWorking(), interval);
    this.#timer.unref();
  }

  get isDrawn(): boolean {
    return this.#screen.isDrawn;
  }

  /** Whether there is a row for it. */
  show(image: ImageProgress): boolean {
    const row = this.#shown.get(image) ?? this.#rows[this.#shown.size];
    if (row === undefined) return false;
    this.#shown.set(image, row);
    // What ends is drawn at once, and what begins; the rest waits for the clock.
    if (row.state === 'hidden' || image.state !== 'working') this.#draw(image, row);
    return true;
  }

  close(): Promise<void> | undefined {
    this.isOpen = false;
    clearInterval(this.#timer);
    return this.#screen.close();
  }

  #drawWorking(): void {
    for (const [image, row] of this.#shown) if (image.state === 'working') this.#draw(image, row);
  }

  #draw(image: ImageProgress, row: Row): void {
    const { now, style } = this.#options;
    if (row.state === 'done' || row.state === 'failed') return;
    row.state = image.state;
    row.title = describeImage(image, { style, now: now(), room: this.#roomForLayers() });
    this.#screen.update(row);
  }

  /** What the terminal has beside a line for each image, in equal parts for those that are at work. */
  #roomForLayers(): number {
    const { rows = 24 } = this.#options.sink;
    const working = [...this.#shown.keys()].filter(({ state }) => state === 'working').length;
    return Math.floor((rows - 2 - this.#shown.size) / Math.max(1, working));
  }
}
