// Where events become text: progress and warnings on standard error, what containers print on standard output.

import type { AppEvent, OutputEvent } from '../app/context.ts';
import type { Warning } from '../base/warning.ts';
import { LogView } from '../ui/log-view.ts';
import { ProgressFeed } from '../ui/progress/progress.ts';
import { type Sink, standardError, standardOutput } from '../ui/sink.ts';
import { choosesColor } from '../ui/terminal.ts';
import { errorStyle, type Presentation, progressMode, showWarning } from './presentation.ts';

export interface OutputOptions {
  readonly color: boolean;
  readonly prefix: boolean;
  readonly timestamps: boolean;
}

export class Screen {
  readonly #presentation: Presentation;
  readonly #warned = new Set<string>();
  readonly #held: (() => void)[] = [];
  #output: Sink | undefined;
  #feed: ProgressFeed | undefined;
  #log: LogView | undefined;
  /** What is to be shown by lines waits until rows that are redrawn have given way. */
  #hasRows = false;

  constructor(presentation: Presentation) {
    this.#presentation = presentation;
  }

  /** Data. */
  print(text: string): void {
    this.#output ??= standardOutput();
    this.#output.write(text);
  }

  /** From now on what containers print is shown, as it comes. */
  showOutput({ color, prefix, timestamps }: OutputOptions): void {
    this.#output ??= standardOutput();
    const { ansi, environment } = this.#presentation;
    const isColored = color && choosesColor(ansi, { isTTY: this.#output.isTTY, environment });
    this.#log = new LogView({ isColored, prefix, timestamps, write: (text) => this.print(text) });
  }

  on(event: AppEvent): void {
    switch (event.type) {
      case 'plan':
        if (event.plan.nodes.length > 0) this.#openFeed().begin(event.plan);
        break;
      case 'node':
        this.#openFeed().follow(event);
        break;
      case 'warning':
        this.#showOnce(event.warning);
        break;
      default:
        this.#asLine(() => this.#showOutput(event), event.type !== 'sources');
    }
  }

  /** Resolves when everything is on the screen. */
  async end(): Promise<void> {
    await this.#release();
    this.#log?.flush();
  }

  #openFeed(): ProgressFeed {
    if (this.#feed === undefined) {
      const mode = progressMode(this.#presentation);
      this.#hasRows = mode === 'tty';
      this.#feed = new ProgressFeed({
        mode,
        sink: standardError(),
        style: errorStyle(this.#presentation),
        isDryRun: false,
        now: Date.now,
      });
    }
    return this.#feed;
  }

  /** Lines come between rows at the end, or end the rows if somebody waits for them. */
  #asLine(write: () => void, isUrgent: boolean): void {
    if (!this.#hasRows) {
      write();
      return;
    }
    this.#held.push(write);
    if (isUrgent) void this.#release();
  }

  async #release(): Promise<void> {
    await this.#feed?.release();
    this.#hasRows = false;
    for (const write of this.#held.splice(0)) write();
  }

  #showOnce(warning: Warning): void {
    const key = JSON.stringify([warning.code, warning.message, warning.source]);
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    this.#asLine(() => showWarning(warning, this.#presentation), false);
  }

  #showOutput(event: OutputEvent): void {
    switch (event.type) {
      case 'sources':
        this.#log?.addSources(event.sources);
        break;
      case 'output':
        this.#log?.print(event.source, event.record);
        break;
      case 'exited':
        this.#log?.printExit(event.source, event.exitCode, event.restarting);
        break;
      case 'stopping':
        standardError().write(`${event.because}\n`);
        break;
    }
  }
}
