// What a command shows of the execution of its plans: one of four modes.

import type { ExecuteEvent, ImageNotice } from '../../engine/ports.ts';
import type { Plan } from '../../plan/operation.ts';
import type { Sink } from '../sink.ts';
import type { Style } from '../style.ts';
import type { ProgressMode } from '../terminal.ts';
import { type Change, ChangeTracker } from './change.ts';
import { type ImageProgress, ImageTracker } from './image-tracker.ts';
import { formatChangeJson } from './json.ts';
import { formatChange } from './plain.ts';
import { RowProgress } from './rows.ts';

export type NodeEvent = Extract<ExecuteEvent, { readonly type: 'node' }>;

export interface ProgressOptions {
  readonly mode: ProgressMode;
  readonly sink: Sink;
  readonly style: Style;
  readonly isDryRun: boolean;
  /** Milliseconds, for the time that a row took. */
  now(): number;
  /** Milliseconds of work before rows are drawn. */
  readonly patience?: number;
}

export interface Progress {
  begin(plan: Plan): void;
  /** `event` is the step that made the changes, if it was one. */
  show(changes: readonly Change[], event?: NodeEvent): void;
  /** `image` as it is now, and what of it is news. */
  showImage(image: ImageProgress, changes: readonly Change[]): void;
  /** What happens is shown in rows, whether they are drawn yet or not. */
  readonly isOpen: boolean;
  /** Rows are being drawn: nothing else may be written. */
  readonly isOnScreen: boolean;
  /** Resolves once lines can be written: from then on changes are lines too. */
  release(): Promise<void>;
}

/** Feeds the events of executions, one after the other, to the mode's progress. */
export class ProgressFeed {
  readonly #progress: Progress;
  readonly #tracker = new ChangeTracker();
  readonly #images: ImageTracker;

  constructor(options: ProgressOptions) {
    this.#progress = createProgress(options);
    this.#images = new ImageTracker(options.now);
  }

  begin(plan: Plan): void {
    this.#tracker.begin(plan);
    this.#progress.begin(plan);
    if (plan.nodes.length > 0) return;
    this.#progress.show([{ id: `Project ${plan.project}`, text: 'Nothing to do', state: 'done' }]);
  }

  follow(event: NodeEvent): void {
    this.#progress.show(this.#tracker.follow(event), event);
  }

  followImage(notice: ImageNotice): void {
    const { changes, image } = this.#images.follow(notice);
    this.#progress.showImage(image, changes);
  }

  get isOpen(): boolean {
    return this.#progress.isOpen;
  }

  get isOnScreen(): boolean {
    return this.#progress.isOnScreen;
  }

  release(): Promise<void> {
    return this.#progress.release();
  }

  /** What would be shown if every step succeeded: for tools that read the output of a dry run. */
  replay(plan: Plan): void {
    this.begin(plan);
    for (const { group, id, operation } of plan.nodes) {
      for (const phase of ['started', 'done'] as const) {
        this.follow({ type: 'node', node: id, operation, phase, ...(group !== undefined && { group }) });
      }
    }
  }
}

/** Columns below which rows are not worth drawing. */
const narrowest = 20;

function createProgress(options: ProgressOptions): Progress {
  const { isDryRun, mode, sink } = options;
  const plain = (change: Change) => {
    if (!change.isStep) sink.write(formatChange(change, isDryRun));
  };
  switch (mode) {
    case 'tty':
      // A terminal that does not tell its width cannot be drawn on.
      return (sink.columns ?? 0) < narrowest ? lineProgress(plain) : new RowProgress(options);
    case 'plain':
      return lineProgress(plain);
    case 'json':
      return lineProgress((change) => sink.write(formatChangeJson(change, isDryRun)));
    case 'quiet':
      return lineProgress(() => undefined);
  }
}

function lineProgress(write: (change: Change) => void): Progress {
  return {
    begin: () => undefined,
    show: (changes) => changes.forEach(write),
    showImage: (_, changes) => changes.forEach(write),
    isOpen: false,
    isOnScreen: false,
    release: () => Promise.resolve(),
  };
}
