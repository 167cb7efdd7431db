// Steps of builds on a terminal. What has ended stands still above; what runs is redrawn below it, with the last lines
// of its output.

import { stripVTControlCharacters } from 'node:util';
import type { BuildEvent } from '../../engine/ports.ts';
import { type BuildView, type BuildViewOptions, formatBuilt, type StepEvent } from './view.ts';

interface RunningStep {
  readonly title: string;
  readonly begunAt: number;
  /** The last lines, the very last one possibly not whole. */
  lines: string[];
}

const shownLines = 4;
/** Milliseconds between two drawings. */
const interval = 80;

export class StepScreen implements BuildView {
  readonly #options: BuildViewOptions;
  readonly #running = new Map<number, RunningStep>();
  /** Lines at the bottom that are drawn over next time. */
  #drawn = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BuildViewOptions) {
    this.#options = options;
  }

  get isOnScreen(): boolean {
    return this.#drawn > 0;
  }

  show(event: BuildEvent): void {
    const { style } = this.#options;
    switch (event.type) {
      case 'step':
        this.#followStep(event);
        return;
      case 'step-output': {
        const step = this.#running.get(event.id);
        if (step) step.lines = appendOutput(step.lines, event.text);
        this.#timer ??= setTimeout(() => this.#redraw([]), interval);
        return;
      }
      case 'built':
        this.#redraw([`${style.green('✔')}${formatBuilt(event).trimEnd()}`]);
        return;
      case 'check':
        return;
    }
  }

  #followStep({ id, build, title, phase }: StepEvent): void {
    const { style, now } = this.#options;
    const name = `${build} ${title}`;
    if (phase === 'started') {
      this.#running.set(id, { title: name, begunAt: now(), lines: [] });
      this.#redraw([]);
      return;
    }
    const step = this.#running.get(id);
    this.#running.delete(id);
    if (phase === 'cached') {
      this.#redraw([`${style.green('✔')} ${style.dim('CACHED')} ${name}`]);
      return;
    }
    const seconds = style.dim(`${((now() - (step?.begunAt ?? now())) / 1000).toFixed(1)}s`);
    this.#redraw([`${phase === 'done' ? style.green('✔') : style.red('✖')} ${name}  ${seconds}`]);
  }

  close(): void {
    if (this.#running.size === 0 && this.#drawn === 0) return;
    for (const { title } of this.#running.values())
      this.#redraw([`${this.#options.style.dim('…')} ${title}`]);
    this.#running.clear();
    this.#redraw([]);
  }

  /** `above`: what stays from now on. */
  #redraw(above: readonly string[]): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { sink, style, now } = this.#options;
    const below = [...this.#running.values()].flatMap(({ title, begunAt, lines }) => [
      `${style.cyan('⠿')} ${title}  ${style.dim(`${((now() - begunAt) / 1000).toFixed(1)}s`)}`,
      ...lines.filter((line) => line !== '').map((line) => style.dim(`    ${line}`)),
    ]);
    // A screen that is full of steps shows the latest.
    const room = Math.max(1, (sink.rows ?? 24) - 2);
    const shown = below.slice(-room);
    const width = (sink.columns ?? 80) - 1;
    const text = [...above, ...shown].map((line) => `${cut(line, width)}\x1b[K\n`).join('');
    const up = this.#drawn === 0 ? '' : `\x1b[${this.#drawn}A`;
    sink.write(`${up}${text}\x1b[J`);
    this.#drawn = shown.length;
  }
}

/** Carriage returns begin a line anew, as programs with progress bars mean them. */
function appendOutput(lines: readonly string[], text: string): string[] {
  const [first = '', ...rest] = text.split('\n');
  const all = [...lines.slice(0, -1), `${lines.at(-1) ?? ''}${first}`, ...rest];
  return all
    .map((line) =>
      stripVTControlCharacters(
        line
          .split('\r')
          .filter((part) => part !== '')
          .at(-1) ?? '',
      ),
    )
    .slice(-shownLines - 1);
}

/** Styles take no room, and a line that is cut must still end them. */
function cut(line: string, width: number): string {
  const plain = stripVTControlCharacters(line);
  if (plain.length <= width) return line;
  return line.includes('\x1b') ? `${plain.slice(0, width - 1)}…` : `${line.slice(0, width - 1)}…`;
}
