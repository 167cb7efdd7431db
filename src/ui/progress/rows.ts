// Progress on a terminal: one row per resource, redrawn in place. First the images that a command needs, then the steps
// of its plan.

import type { Plan } from '../../plan/operation.ts';
import { type Change, idsOf } from './change.ts';
import { ImageRows } from './image-rows.ts';
import type { ImageProgress } from './image-tracker.ts';
import { formatChange } from './plain.ts';
import type { NodeEvent, Progress } from './progress.ts';
import { type Row, type RowOptions, Screen } from './screen.ts';

export class RowProgress implements Progress {
  readonly #options: RowOptions;
  #images: ImageRows | undefined;
  #steps: StepRows | undefined;
  #closing: Promise<void> | undefined;
  /** Changes that came while the rows were being finished, or that had none. */
  readonly #late: Change[] = [];

  constructor(options: RowOptions) {
    this.#options = options;
  }

  /** Rows are for the first plan; what follows it, such as the stopping of an attached `up`, is told in lines. */
  begin(plan: Plan): void {
    if (plan.nodes.length === 0) {
      // What is said of an empty plan stands below the images.
      if (this.#images?.isOpen) void this.release();
      return;
    }
    if (this.#steps === undefined && this.#closing === undefined) {
      this.#steps = new StepRows(plan, this.#options, this.#images?.close());
    } else void this.release();
  }

  show(changes: readonly Change[], event?: NodeEvent): void {
    if (event && this.#steps?.isOpen) {
      this.#steps.show(changes, event);
      if (this.#steps.isComplete) void this.release();
    } else this.#tell(changes);
  }

  showImage(image: ImageProgress, changes: readonly Change[]): void {
    if (this.#steps === undefined && this.#closing === undefined)
      this.#images ??= new ImageRows(this.#options);
    const isShown = this.#images?.isOpen && this.#images.show(image);
    if (!isShown) this.#tell(changes.filter((change) => !change.isStep));
  }

  get isOpen(): boolean {
    return (this.#images?.isOpen || this.#steps?.isOpen) ?? false;
  }

  get isOnScreen(): boolean {
    return (this.#images?.isDrawn || this.#steps?.isDrawn) ?? false;
  }

  release(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #close(): Promise<void> {
    const images = this.#images?.isOpen ? this.#images.close() : undefined;
    const closed = images ?? this.#steps?.close();
    const tell = () => this.#writeLines(this.#late.splice(0));
    if (closed) return closed.then(tell);
    tell();
    return Promise.resolve();
  }

  #tell(changes: readonly Change[]): void {
    if (this.isOnScreen) this.#late.push(...changes);
    else this.#writeLines(changes);
  }

  #writeLines(changes: readonly Change[]): void {
    for (const change of changes) this.#options.sink.write(formatChange(change, this.#options.isDryRun));
  }
}

interface StepRow extends Row {
  readonly id: string;
  /** Steps of the plan on this resource that are not done. */
  readonly open: Set<number>;
  begunAt: number;
}

class StepRows {
  /** Takes changes. */
  isOpen = true;
  readonly #options: RowOptions;
  readonly #rows: ReadonlyMap<string, StepRow>;
  /** Steps that are not done. */
  readonly #open: Set<number>;
  readonly #screen: Screen;

  constructor(plan: Plan, options: RowOptions, before: Promise<void> | undefined) {
    this.#options = options;
    this.#rows = createRows(plan);
    this.#open = new Set(plan.nodes.map((node) => node.id));
    this.#screen = new Screen([...this.#rows.values()], options, before);
  }

  show(changes: readonly Change[], { node, phase }: NodeEvent): void {
    for (const { details, id, text } of changes) {
      const row = this.#rows.get(id);
      if (row === undefined) continue;
      if (row.state === 'hidden') row.begunAt = this.#options.now();
      row.state = phase === 'failed' ? 'failed' : 'working';
      row.title = `${id}  ${text}${details === undefined ? '' : `  ${details}`}`;
    }
    if (phase === 'done') this.#open.delete(node);
    for (const row of this.#rows.values()) {
      if (row.open.has(node)) this.#advance(row, node, phase);
    }
  }

  get isComplete(): boolean {
    return this.#open.size === 0;
  }

  get isDrawn(): boolean {
    return this.#screen.isDrawn;
  }

  close(): Promise<void> | undefined {
    this.isOpen = false;
    return this.#screen.close();
  }

  #advance(row: StepRow, node: number, phase: NodeEvent['phase']): void {
    if (phase === 'done') row.open.delete(node);
    if (phase === 'done' && row.open.size === 0 && row.state === 'working') {
      row.state = 'done';
      const seconds = ((this.#options.now() - row.begunAt) / 1000).toFixed(1);
      row.title = `${row.title}  ${this.#options.style.dim(`${seconds}s`)}`;
    }
    this.#screen.update(row);
  }
}

function createRows(plan: Plan): Map<string, StepRow> {
  const rows = new Map<string, StepRow>();
  for (const { id: node, operation } of plan.nodes) {
    for (const id of idsOf(operation)) {
      const row = rows.get(id) ?? { id, open: new Set(), state: 'hidden', title: '', begunAt: 0 };
      row.open.add(node);
      rows.set(id, row);
    }
  }
  return rows;
}
