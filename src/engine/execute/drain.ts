// Keeps new connections from a container, and waits for the open ones to end.

import { abortable } from '../../base/async.ts';
import type { OperationOf } from '../../plan/operation.ts';
import { monitorClient } from '../control/monitor.ts';
import type { Step } from './execution.ts';

/** It stays so until it is stopped or the execution ends: it has to serve on if this command is killed. */
export async function drainContainer(
  { container, drain, successor }: OperationOf<'drain-container'>,
  { execution, signal }: Step,
): Promise<void> {
  if (successor && execution.isFailing(successor)) return;
  const { id } = execution.resolve(container);
  const runDir = execution.context.instance.paths.containerRun(id);
  const keeping = monitorClient.withdraw(runDir, Math.round(drain / 1e6)).then((withdrawal) => {
    if (withdrawal === undefined) return;
    if (signal.aborted) withdrawal.end();
    else execution.keepWithdrawal(id, withdrawal);
  });
  await abortable(keeping, signal);
}
