// One container under an attached `up`: its output in order, and each end after the last line before it.

import type { Engine, LogCursor, LogRecord } from '../engine/ports.ts';
import type { ContainerState, ObservedContainer } from '../plan/observed-state.ts';

export interface FollowedOptions {
  /** RFC 3339: older output is not passed on. */
  readonly since: string;
  readonly signal: AbortSignal;
  /** Absent: its output is not shown. */
  readonly onRecord: ((record: LogRecord) => void) | undefined;
  onExit(exitCode: number, restarting: boolean): void;
}

export class FollowedContainer {
  readonly container: ObservedContainer;
  /** Settles when nothing more will come; rejects if following failed. */
  readonly finished: Promise<void>;
  readonly #engine: Engine;
  readonly #options: FollowedOptions;
  /** Where the last reading ended: the instants of lines do not tell, as several may have the same one. */
  readonly #cursors = new Map<string, LogCursor>();
  #end = new End();
  #reading: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  constructor(engine: Engine, container: ObservedContainer, options: FollowedOptions) {
    this.container = container;
    this.#engine = engine;
    this.#options = options;
    this.finished = this.#watch();
    const end = () => this.#end.reach();
    this.finished.then(end, end);
  }

  /** Settles at the next end that no restart follows, or when the container is removed; at once if it has ended. */
  get ended(): Promise<void> {
    return this.#end.reached;
  }

  async #watch(): Promise<void> {
    let before: ContainerState | undefined;
    let restarts = this.container.restartCount;
    for await (const snapshot of this.#engine.watch(this.container.id, this.#options.signal)) {
      const { state, restartCount, exitCode = 0 } = snapshot;
      // A restart can be over before its snapshot is read: the count tells of it.
      const isRestart =
        before !== 'restarting' &&
        (state === 'restarting' || (state === 'running' && restartCount > restarts));
      const isEnd = hasEnded(snapshot) && before !== state;
      if (isRestart || isEnd) await this.#passOnRest();
      if (isRestart || isEnd) this.#options.onExit(exitCode, isRestart);
      if (isEnd) this.#end.reach();
      if (state === 'running') this.#begin();
      before = state;
      restarts = restartCount;
    }
    await this.#passOnRest();
  }

  #begin(): void {
    if (this.#end.isReached) this.#end = new End();
    this.#startReading();
  }

  #startReading(): void {
    if (this.#reading !== undefined || this.#options.onRecord === undefined) return;
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#options.signal]);
    this.#reading = { stop, done: this.#read(true, signal) };
    this.#reading.done.catch(() => undefined);
  }

  /** What was printed by now: the log is complete before the monitor tells of the end. */
  async #passOnRest(): Promise<void> {
    const reading = this.#reading;
    this.#reading = undefined;
    reading?.stop.abort();
    await reading?.done;
    if (this.#options.onRecord !== undefined) await this.#read(false);
  }

  async #read(follow: boolean, signal?: AbortSignal): Promise<void> {
    const containers = [this.container];
    const { onRecord, since } = this.#options;
    const cursors = this.#cursors;
    const records = this.#engine.logs.read({ containers, follow, tail: 'all', since, signal, cursors });
    for await (const record of records) onRecord?.(record);
  }
}

/** Of one life of the container. */
class End {
  isReached = false;
  readonly reached: Promise<void>;
  #resolve: () => void = () => undefined;

  constructor() {
    this.reached = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  reach(): void {
    this.isReached = true;
    this.#resolve();
  }
}

export function hasEnded(container: ObservedContainer): boolean {
  return container.state === 'exited' || container.state === 'dead' || container.state === 'removing';
}
