// What containers print, multiplexed: `web-1  | line`, one colour per service, whole lines only.

import type { LogRecord } from '../engine/ports.ts';
import { createSourceColors } from './style.ts';

/** What a line is headed by. */
export interface LogName {
  readonly service: string;
  readonly number: number;
  /** Default: `SERVICE-NUMBER`. */
  readonly label?: string;
}

export interface LogSource extends LogName {
  readonly containerId: string;
}

export interface LogViewOptions {
  readonly isColored: boolean;
  /** Without it lines come as they are. */
  readonly prefix: boolean;
  readonly timestamps: boolean;
  write(text: string): void;
}

export class LogView {
  readonly #options: LogViewOptions;
  readonly #colorOf: (service: string) => (text: string) => string;
  /** Container and stream -> the beginning of a line. Streams of one container do not mix inside a line. */
  readonly #partial = new Map<string, { readonly source: LogSource; time: string; text: string }>();
  #width = 0;

  constructor(options: LogViewOptions) {
    this.#options = options;
    this.#colorOf = createSourceColors(options.isColored);
  }

  /** Makes room for the names before the first line, and gives colours in this order. */
  addSources(sources: readonly LogName[]): void {
    for (const source of sources) {
      this.#width = Math.max(this.#width, nameOf(source).length);
      this.#colorOf(source.service);
    }
  }

  print(source: LogSource, { stream, text, time }: LogRecord): void {
    const key = `${source.containerId} ${stream}`;
    const begun = this.#partial.get(key);
    const whole = (begun?.text ?? '') + text;
    const since = begun?.time ?? time;
    if (whole.endsWith('\n')) {
      this.#partial.delete(key);
      this.#write(source, since, whole.slice(0, -1));
    } else {
      this.#partial.set(key, { source, time: since, text: whole });
    }
  }

  printExit(source: LogSource, exitCode: number, isRestarting: boolean): void {
    this.flush(source.containerId);
    const text = `${nameOf(source)} exited with code ${exitCode}${isRestarting ? ' (restarting)' : ''}`;
    this.#options.write(`${this.#colorOf(source.service)(text)}\n`);
  }

  /** Prints what has no line end: of one container that has ended, or of all. */
  flush(containerId?: string): void {
    for (const [key, { source, text, time }] of this.#partial) {
      if (containerId !== undefined && source.containerId !== containerId) continue;
      this.#partial.delete(key);
      this.#write(source, time, text);
    }
  }

  #write(source: LogSource, time: string, text: string): void {
    const { prefix, timestamps, write } = this.#options;
    const stamp = timestamps ? `${time} ` : '';
    const lines = text.split('\n').map((line) => `${prefix ? this.#prefixOf(source) : ''}${stamp}${line}\n`);
    write(lines.join(''));
  }

  #prefixOf(source: LogSource): string {
    this.addSources([source]);
    return this.#colorOf(source.service)(`${nameOf(source).padEnd(this.#width)}  | `);
  }
}

function nameOf({ label, number, service }: LogName): string {
  return label ?? `${service}-${number}`;
}
