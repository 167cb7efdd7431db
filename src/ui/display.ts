// Everything that a command shows, on both streams: data and container output on standard output, the rest on standard
// error. Warnings are shown once.

import type { Warning } from '../base/warning.ts';
import type { BuildEvent, ExecuteEvent, ImageNotice, LogRecord } from '../engine/ports.ts';
import type { Plan } from '../plan/operation.ts';
import { createBuildView } from './build/build-view.ts';
import type { BuildView } from './build/view.ts';
import {
  type DiagnosticOptions,
  renderError,
  renderErrorJson,
  renderWarning,
  renderWarningJson,
} from './diagnostic.ts';
import { type LogName, type LogSource, LogView } from './log-view.ts';
import { ProgressFeed } from './progress/progress.ts';
import type { Sink } from './sink.ts';
import { createStyle, type Style } from './style.ts';
import type { ProgressMode } from './terminal.ts';

export type DisplayEvent =
  | ExecuteEvent
  | ImageNotice
  /** Whose output is to come: for the width of names and the order of colours. */
  | { readonly type: 'sources'; readonly sources: readonly LogName[] }
  | OutputEvent
  | { readonly type: 'build'; readonly event: BuildEvent };

export type OutputEvent =
  | { readonly type: 'output'; readonly source: LogSource; readonly record: LogRecord }
  | {
      readonly type: 'exited';
      readonly source: LogSource;
      readonly exitCode: number;
      readonly restarting: boolean;
    }
  /** What was started is being stopped: the user asked, or a container ended. */
  | { readonly type: 'stopping'; readonly because: 'interrupt' | 'container-exit' };

export interface DisplayOptions {
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Where progress goes; default: standard error. */
  readonly progress?: Sink;
  readonly mode: ProgressMode;
  readonly colors: { readonly stdout: boolean; readonly stderr: boolean };
  readonly isDryRun: boolean;
  /** Files below it are named relative to it. */
  readonly directory: string;
  /** The text of a file for excerpts. */
  readSource(file: string): string | undefined;
  /** Show where a defect of our own came from. */
  readonly showStack?: boolean;
  /** Milliseconds since the epoch. */
  now(): number;
}

const stopReasons = {
  interrupt: 'Gracefully stopping... (press Ctrl+C again to force)\n',
  'container-exit': 'Aborting on container exit...\n',
} as const;

export interface OutputOptions {
  readonly color: boolean;
  readonly prefix: boolean;
  readonly timestamps: boolean;
}

export class Display {
  readonly #options: DisplayOptions;
  readonly #diagnostics: DiagnosticOptions;
  readonly #progress: ProgressFeed;
  readonly #warned = new Set<string>();
  #builds: BuildView;
  #logs: LogView;
  #isSilent = false;
  /** What waits until the rows of progress have been drawn for the last time. */
  readonly #held: (() => void)[] = [];

  constructor(options: DisplayOptions) {
    const { colors, directory, isDryRun, mode, readSource, showStack, stderr } = options;
    const style = createStyle(colors.stderr);
    this.#options = options;
    this.#diagnostics = { style, directory, readSource, showStack };
    this.#progress = new ProgressFeed({
      mode,
      sink: options.progress ?? stderr,
      style,
      isDryRun,
      now: () => options.now(),
    });
    this.#builds = this.#createBuilds(mode);
    this.#logs = this.#createLogs({ color: true, prefix: true, timestamps: false });
  }

  /** Builds without a word; before the first of them. */
  hideBuilds(): void {
    this.#builds = this.#createBuilds('quiet');
  }

  /** How container output is to look; before the first of it. */
  showOutput(options: OutputOptions): void {
    this.#logs = this.#createLogs(options);
  }

  /** No progress from here on; warnings and errors are told as before. */
  silence(): void {
    this.#isSilent = true;
  }

  on(event: DisplayEvent): void {
    switch (event.type) {
      case 'plan':
        for (const warning of event.plan.warnings) this.warn(warning);
        if (!this.#isSilent) this.#progress.begin(event.plan);
        return;
      case 'node':
        if (!this.#isSilent) this.#progress.follow(event);
        return;
      case 'image':
        this.#progress.followImage(event);
        return;
      case 'warning':
        this.warn(event.warning);
        return;
      case 'sources':
        this.#logs.addSources(event.sources);
        return;
      case 'build':
        this.#builds.show(event.event);
        return;
      default:
        this.#write(() => this.#showOutputEvent(event));
    }
  }

  /** What is told is for programs. */
  get isJson(): boolean {
    return this.#options.mode === 'json';
  }

  /** Of what goes to standard output. */
  get dataStyle(): Style {
    return createStyle(this.#options.colors.stdout);
  }

  /** Data, to standard output. */
  print(text: string): void {
    this.#write(() => this.#options.stdout.write(text));
  }

  /** For people, to standard error. */
  tell(text: string): void {
    this.#write(() => this.#options.stderr.write(text));
  }

  warn(warning: Warning): void {
    const key = JSON.stringify([warning.code, warning.message, warning.source]);
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    const isJson = this.#options.mode === 'json';
    const text = isJson ? renderWarningJson(warning) : renderWarning(warning, this.#diagnostics);
    const write = () => this.#options.stderr.write(text);
    if (this.#progress.isOnScreen || this.#builds.isOnScreen) this.#held.push(write);
    else write();
  }

  fail(error: unknown): void {
    const text =
      this.#options.mode === 'json' ? renderErrorJson(error) : renderError(error, this.#diagnostics);
    this.#write(() => this.#options.stderr.write(text));
  }

  /** A dry run in the shape of progress. */
  replay(plan: Plan): void {
    this.#progress.replay(plan);
  }

  /** Resolves when all that was shown is written. */
  async end(): Promise<void> {
    await this.#release();
    this.#logs.flush();
  }

  /** Rows and lines do not mix: the rows are finished first, and what is left of the progress is told in lines. */
  #write(write: () => void): void {
    if (this.#builds.isOnScreen) this.#builds.close();
    if (this.#progress.isOpen || this.#progress.isOnScreen) void this.#release();
    if (this.#progress.isOnScreen) this.#held.push(write);
    else write();
  }

  async #release(): Promise<void> {
    this.#builds.close();
    await this.#progress.release();
    for (const write of this.#held.splice(0)) write();
  }

  #showOutputEvent(event: OutputEvent): void {
    switch (event.type) {
      case 'output':
        this.#logs.print(event.source, event.record);
        return;
      case 'exited':
        this.#logs.printExit(event.source, event.exitCode, event.restarting);
        return;
      case 'stopping':
        this.#options.stderr.write(stopReasons[event.because]);
    }
  }

  #createBuilds(mode: ProgressMode): BuildView {
    const { now, progress, stderr } = this.#options;
    const { style } = this.#diagnostics;
    return createBuildView(mode, { sink: progress ?? stderr, style, now });
  }

  #createLogs({ color, prefix, timestamps }: OutputOptions): LogView {
    const { colors, stdout } = this.#options;
    return new LogView({
      isColored: color && colors.stdout,
      prefix,
      timestamps,
      write: (text) => stdout.write(text),
    });
  }
}
