// Progress on a terminal: one row per resource, redrawn in place. The drawing is listr2's. It is loaded only once the
// work has lasted a while, since loading it would hold up what is shown: shorter commands print their rows at the end.

import type { Plan } from '../../plan/operation.ts';
import type { Sink } from '../sink.ts';
import type { Style } from '../style.ts';
import { type Change, idsOf } from './change.ts';
import { formatChange } from './plain.ts';
import type { NodeEvent, Progress } from './progress.ts';

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
  readonly id: string;
  /** Steps of the plan on this resource that are not done. */
  readonly open: Set<number>;
  state: RowState;
  title: string;
  begunAt: number;
}

/** Draws rows in place, as they are at the moment and whenever they change. */
export interface Drawing {
  update(row: Row): void;
  /** Resolves when the last state of every row is on the screen and the cursor below; rows that go on are left. */
  close(): Promise<void>;
}

export class RowProgress implements Progress {
  readonly #options: RowOptions;
  #screen: Screen | undefined;
  #closing: Promise<void> | undefined;
  /** Changes that came while the rows were being finished. */
  readonly #late: Change[] = [];

  constructor(options: RowOptions) {
    this.#options = options;
  }

  /** Rows are for the first plan; what follows it, such as the stopping of an attached `up`, is told in lines. */
  begin(plan: Plan): void {
    if (plan.nodes.length === 0) return;
    if (this.#screen === undefined) this.#screen = new Screen(plan, this.#options);
    else void this.release();
  }

  show(changes: readonly Change[], event?: NodeEvent): void {
    if (event && this.#screen?.isOpen) {
      this.#screen.show(changes, event);
      if (this.#screen.isComplete) void this.release();
    } else if (this.isOnScreen) {
      this.#late.push(...changes);
    } else {
      this.#writeLines(changes);
    }
  }

  get isOpen(): boolean {
    return this.#screen?.isOpen ?? false;
  }

  get isOnScreen(): boolean {
    return this.#screen?.isDrawn ?? false;
  }

  release(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #close(): Promise<void> {
    if (this.#screen === undefined) return Promise.resolve();
    return this.#screen.close().then(() => this.#writeLines(this.#late.splice(0)));
  }

  #writeLines(changes: readonly Change[]): void {
    for (const change of changes) this.#options.sink.write(formatChange(change, this.#options.isDryRun));
  }
}

class Screen {
  /** Takes changes. */
  isOpen = true;
  /** From the moment on at which rows may be on the screen, until they have been drawn for the last time. */
  isDrawn = false;
  readonly #options: RowOptions;
  readonly #rows: ReadonlyMap<string, Row>;
  /** Steps that are not done. */
  readonly #open: Set<number>;
  readonly #timer: NodeJS.Timeout;
  #loading: Promise<void> | undefined;
  #drawing: Drawing | undefined;

  constructor(plan: Plan, options: RowOptions) {
    this.#options = options;
    this.#rows = createRows(plan);
    this.#open = new Set(plan.nodes.map((node) => node.id));
    this.#timer = setTimeout(() => {
      this.isDrawn = true;
      this.#loading = this.#load();
    }, options.patience ?? 80);
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

  /** Rows that were not drawn yet are printed at once. */
  close(): Promise<void> {
    this.isOpen = false;
    clearTimeout(this.#timer);
    for (const row of this.#rows.values()) if (row.state === 'working') row.state = 'left';
    if (this.#loading) return this.#loading.then(() => this.#finishDrawing());
    this.#print();
    return Promise.resolve();
  }

  async #finishDrawing(): Promise<void> {
    await this.#drawing?.close();
    this.isDrawn = false;
  }

  #print(): void {
    const { sink, style } = this.#options;
    const shown = [...this.#rows.values()].filter((row) => row.state !== 'hidden');
    for (const row of shown) sink.write(`${iconOf(row, style)} ${row.title}\n`);
  }

  #advance(row: Row, node: number, phase: NodeEvent['phase']): void {
    if (phase === 'done') row.open.delete(node);
    if (phase === 'done' && row.open.size === 0 && row.state === 'working') {
      row.state = 'done';
      const seconds = ((this.#options.now() - row.begunAt) / 1000).toFixed(1);
      row.title = `${row.title}  ${this.#options.style.dim(`${seconds}s`)}`;
    }
    this.#drawing?.update(row);
  }

  async #load(): Promise<void> {
    const { drawRows } = await import('./listr-drawing.ts');
    this.#drawing = drawRows([...this.#rows.values()], this.#options);
  }
}

function createRows(plan: Plan): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const { id: node, operation } of plan.nodes) {
    for (const id of idsOf(operation)) {
      const row = rows.get(id) ?? { id, open: new Set(), state: 'hidden', title: '', begunAt: 0 };
      row.open.add(node);
      rows.set(id, row);
    }
  }
  return rows;
}

function iconOf({ state }: Row, style: Style): string {
  if (state === 'failed') return style.red('✖');
  return state === 'done' ? style.green('✔') : style.dim('…');
}
