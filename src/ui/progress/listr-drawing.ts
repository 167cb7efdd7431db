// Rows drawn by listr2: each row is a task that lasts as long as the row.

import {
  Listr,
  ListrDefaultRendererLogLevels,
  ListrLogger,
  type ListrTaskWrapper,
  ProcessOutput,
} from 'listr2';
import type { Sink } from '../sink.ts';
import type { Style } from '../style.ts';
import type { Drawing, Row, RowOptions } from './screen.ts';

/** listr2 draws no task whose title is blank. */
const invisible = ' ';

// biome-ignore lint/suspicious/noExplicitAny: the wrapper is generic in renderers that nothing here depends on
type Task = ListrTaskWrapper<any, any, any>;

interface RowTask {
  readonly task: Task;
  end(): void;
  fail(error: Error): void;
}

export function drawRows(rows: readonly Row[], options: RowOptions): Drawing {
  const tasks = new Map<Row, RowTask>();
  const run = (row: Row) => (_: unknown, task: Task) =>
    new Promise<void>((end, fail) => {
      tasks.set(row, { task, end, fail });
      showRow(row, tasks);
    });
  const listr = new Listr(
    rows.map((row) => ({ title: invisible, task: run(row) })),
    {
      concurrent: true,
      exitOnError: false,
      registerSignalListeners: false,
      forceTTY: true,
      renderer: 'default',
      rendererOptions: rendererOptions(options),
    },
  );
  const finished = listr.run();
  return {
    update: (row) => showRow(row, tasks),
    async close() {
      for (const row of rows) {
        showRow(row, tasks);
        const rowTask = tasks.get(row);
        if (row.state === 'left') rowTask?.task.skip(row.title);
        rowTask?.end();
      }
      await finished;
    },
  };
}

/** A task that has ended is left alone: to touch it would draw everything once more. */
function showRow(row: Row, tasks: Map<Row, RowTask>): void {
  const rowTask = tasks.get(row);
  if (rowTask === undefined || row.state === 'hidden') return;
  rowTask.task.title = row.title;
  if (row.state !== 'done' && row.state !== 'failed') return;
  if (row.state === 'done') rowTask.end();
  else rowTask.fail(new Error(row.title));
  tasks.delete(row);
}

function rendererOptions({ sink, style }: RowOptions) {
  return {
    formatOutput: 'truncate',
    logger: new ListrLogger({ processOutput: new ProcessOutput(streamOf(sink), silence) }),
    color: colorsOf(style),
  } as const;
}

function colorsOf(style: Style) {
  const levels = ListrDefaultRendererLogLevels;
  return {
    [levels.PENDING]: (text?: string) => style.cyan(text ?? ''),
    [levels.COMPLETED]: (text?: string) => style.green(text ?? ''),
    [levels.FAILED]: (text?: string) => style.red(text ?? ''),
    [levels.SKIPPED_WITH_COLLAPSE]: (text?: string) => style.dim(text ?? ''),
  };
}

/** listr2 takes over the `write` of the streams it is given: it gets one of its own, not the process's. */
function streamOf(sink: Sink): NodeJS.WriteStream {
  const { columns, rows } = sink;
  return {
    write: (text: string) => sink.write(text),
    columns,
    rows,
    isTTY: true,
  } as unknown as NodeJS.WriteStream;
}

const silence = { write: () => true } as unknown as NodeJS.WriteStream;
