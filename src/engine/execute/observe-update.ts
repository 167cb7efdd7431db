// Watches the replicas of a batch of an update: each has to become ready and then to stay so for a while. Woken by their
// monitors; the clock only ends the watch.

import { join } from 'node:path';
import { abortable } from '../../base/async.ts';
import { TcError } from '../../base/error.ts';
import type { OperationOf, PlanNode, UpdateTraits } from '../../plan/operation.ts';
import { UpdateFailure } from '../../plan/update-failure.ts';
import { isTolerated } from '../../plan/update-policy.ts';
import type { EngineContext } from '../context.ts';
import { monitorClient } from '../control/monitor.ts';
import { parseLogLine } from '../log/log-line.ts';
import { LogSource } from '../log/log-source.ts';
import type { ContainerRecord } from '../record/container-record.ts';
import { readContainerRecord } from '../record/container-record.ts';
import { type MonitorStatus, readContainerStatus } from '../status/status.ts';
import { waitForMonitor } from './await-condition.ts';
import { judgeUpdate, type Verdict } from './condition.ts';
import type { Execution, Step } from './execution.ts';

type Observe = OperationOf<'observe-update'>;

const SHOWN_LINES = 5;

/** Rejects with UpdateFailure once more replicas of the service have failed than it allows. */
export async function observeUpdate(operation: Observe, { execution, signal }: Step): Promise<void> {
  const containers = operation.containers.map((ref) => execution.resolve(ref));
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  try {
    await Promise.all(
      containers.map(async (record) => {
        const verdict = await observeOne(execution, operation, record, either);
        if (verdict.is !== 'failed') return;
        const what = `container ${record.name} ${verdict.why}`;
        considerFailure(execution, operation, record, { what, hints: verdict.hints });
      }),
    );
  } finally {
    // The others' connections are closed.
    stop.abort();
  }
}

interface Setback {
  /** `container demo-web-1 exited (3)`. */
  readonly what: string;
  readonly hints: readonly string[];
  readonly cause?: unknown;
}

/** Returns if the update goes on all the same. */
function considerFailure(
  execution: Execution,
  update: UpdateTraits,
  { id }: ContainerRecord,
  { cause, hints, what }: Setback,
): void {
  const { isRollback, service } = update;
  const failing = execution.failing.get(service) ?? new Set();
  execution.failing.set(service, failing);
  // Its hooks may fail after its start, and its watch after both.
  if (failing.has(id) && isTolerated(failing.size, update)) return;
  failing.add(id);
  const undertaking = `${isRollback ? 'rollback' : 'update'} of ${service}`;
  if (isTolerated(failing.size, update)) {
    const message = `${what}; the ${undertaking} goes on`;
    execution.warn({ code: 'update-replica-failed', message, hint: hints[0] });
    return;
  }
  throw new UpdateFailure(update, `${undertaking} failed: ${what}`, {
    ...{ hints, cause },
    output: readLastLines(execution.context, id),
  });
}

/** Of a step that is part of an update. Returns if the update goes on all the same. */
export function considerFailedStep(
  execution: Execution,
  { operation, update }: PlanNode,
  error: unknown,
): void {
  if (update === undefined || !(error instanceof TcError) || error.kind === 'bug') throw error;
  const { hints } = error;
  const isReplica = operation.kind === 'start-container' || operation.kind === 'run-hook';
  const record = isReplica ? execution.resolve(operation.container) : undefined;
  if (record && !record.oneOff) {
    considerFailure(execution, update, record, { what: error.message, hints, cause: error });
    return;
  }
  const what = `${update.isRollback ? 'rollback' : 'update'} of ${update.service} failed`;
  throw new UpdateFailure(update, `${what}: ${error.message}`, { hints, output: error.output, cause: error });
}

/** Met: it has held for the whole window. */
async function observeOne(
  { context, started }: Execution,
  { window }: Observe,
  { id }: ContainerRecord,
  signal: AbortSignal,
): Promise<Verdict> {
  const { paths } = context.instance;
  // What an earlier command started is judged by what it does from now on.
  let restarts = started.has(id) ? 0 : undefined;
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const judge = (status: MonitorStatus | undefined, alive: boolean): Verdict => {
    restarts ??= status?.restartCount ?? 0;
    const verdict = judgeUpdate(status, alive, restarts);
    if (verdict.is === 'met') timer ??= setTimeout(() => over.abort(), window / 1e6);
    return verdict;
  };
  try {
    for (;;) {
      const either = AbortSignal.any([signal, over.signal]);
      for await (const status of monitorClient.subscribe(paths.containerRun(id), either)) {
        const verdict = judge(status, true);
        if (verdict.is === 'failed') return verdict;
      }
      signal.throwIfAborted();
      const { status, alive } = readContainerStatus(paths, id);
      if (readContainerRecord(paths, id) === undefined)
        return { is: 'failed', why: 'was removed', hints: [] };
      const verdict = judge(status, alive);
      if (verdict.is === 'failed' || over.signal.aborted) return verdict;
      await abortable(waitForMonitor(context, id), either);
    }
  } finally {
    clearTimeout(timer);
  }
}

function readLastLines({ instance }: EngineContext, id: string): string[] {
  const source = new LogSource(join(instance.paths.container(id), 'log'));
  try {
    source.seekTail(SHOWN_LINES);
    return [...source.readLines()].flatMap((line) => parseLogLine(line, id)?.text.trimEnd() ?? []);
  } finally {
    source.close();
  }
}
