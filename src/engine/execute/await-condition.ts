// Waits until containers meet a condition. Woken by their monitors, never by a clock.

import { abortable } from '../../base/async.ts';
import { TcError } from '../../base/error.ts';
import type { OperationOf } from '../../plan/operation.ts';
import type { EngineContext } from '../context.ts';
import { monitorClient } from '../control/monitor.ts';
import { lockDirectory } from '../lock/file-lock.ts';
import { readContainerRecord } from '../record/container-record.ts';
import { readContainerStatus } from '../status/status.ts';
import { judgeCondition } from './condition.ts';

type Wait = OperationOf<'await-condition'>;

export interface AwaitedContainer {
  readonly id: string;
  readonly name: string;
}

export async function awaitCondition(
  context: EngineContext,
  wait: Wait,
  containers: readonly AwaitedContainer[],
  signal: AbortSignal,
): Promise<void> {
  const timeout = new AbortController();
  const timer =
    wait.timeout === undefined
      ? undefined
      : setTimeout(() => timeout.abort(tooLate(wait)), wait.timeout / 1e6);
  const either = AbortSignal.any([signal, timeout.signal]);
  try {
    await Promise.all(containers.map((container) => awaitOne(context, wait, container, either)));
  } finally {
    clearTimeout(timer);
    // Of several that were waited for, one may have failed: the others' connections are closed.
    timeout.abort();
  }
}

async function awaitOne(
  context: EngineContext,
  wait: Wait,
  container: AwaitedContainer,
  signal: AbortSignal,
): Promise<void> {
  const { paths } = context.instance;
  for (;;) {
    const statuses = monitorClient.subscribe(paths.containerRun(container.id), signal);
    for await (const status of statuses) {
      if (isMet(wait, container, judgeCondition(wait.condition, status, true))) return;
    }
    signal.throwIfAborted();
    const { status, alive } = readContainerStatus(paths, container.id);
    if (readContainerRecord(paths, container.id) === undefined) throw wasRemoved(wait, container);
    if (alive) await abortable(waitForMonitor(context, container.id), signal);
    else if (isMet(wait, container, judgeCondition(wait.condition, status, false))) return;
  }
}

/** A monitor that no longer answers is about to end, and its lock falls free when it has. */
export async function waitForMonitor({ native, instance }: EngineContext, id: string): Promise<void> {
  const lock = await lockDirectory(native, instance.paths.container(id), true);
  if (lock !== undefined) native.close(lock);
}

function isMet(wait: Wait, container: AwaitedContainer, verdict: ReturnType<typeof judgeCondition>): boolean {
  if (verdict.is !== 'failed') return verdict.is === 'met';
  throw new TcError(`${prefixOf(wait)}container ${container.name} ${verdict.why}`, {
    code: 'condition-failed',
    hints: [...verdict.hints, `see its output: tcompose logs ${wait.service}`],
  });
}

function prefixOf(wait: Wait): string {
  return wait.dependent === undefined ? '' : `dependency of ${wait.dependent} failed to start: `;
}

function wasRemoved(wait: Wait, container: AwaitedContainer): TcError {
  return new TcError(`${prefixOf(wait)}container ${container.name} was removed while it was waited for`, {
    code: 'condition-failed',
  });
}

function tooLate(wait: Wait): TcError {
  const seconds = (wait.timeout ?? 0) / 1e9;
  const wanted = {
    service_started: 'running',
    service_healthy: 'healthy',
    service_completed_successfully: 'done',
  };
  return new TcError(
    `${prefixOf(wait)}service ${wait.service} is not ${wanted[wait.condition]} after ${seconds} s`,
    {
      code: 'condition-timeout',
      hints: [`see its output: tcompose logs ${wait.service}`],
    },
  );
}
