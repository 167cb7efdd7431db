// Whether a container's status meets what others wait for, and how to say that it never will. Pure.

import type { DependencyCondition } from '../../project/service-config.ts';
import type { MonitorStatus } from '../status/status.ts';

export type Verdict =
  | { readonly is: 'met' }
  | { readonly is: 'pending' }
  | { readonly is: 'failed'; readonly why: string; readonly hints: readonly string[] };

const met: Verdict = { is: 'met' };
const pending: Verdict = { is: 'pending' };

type Judge = (status: MonitorStatus) => Verdict;

/** While it may still change, and once it is over. */
const JUDGES: Readonly<Record<DependencyCondition, { readonly during: Judge; readonly after: Judge }>> = {
  service_started: {
    during: (status) => (status.state === 'running' || status.state === 'paused' ? met : pending),
    // What ended well has started.
    after: (status) => (hasSucceeded(status) ? met : failed(describeExit(status))),
  },
  service_healthy: {
    during: judgeHealth,
    after: (status) => failed(describeExit(status), describeProbes(status)),
  },
  service_completed_successfully: {
    during: () => pending,
    after: (status) => (hasSucceeded(status) ? met : failed(describeExit(status))),
  },
};

/** `alive`: the monitor lives, so that the state may still change. */
export function judgeCondition(
  condition: DependencyCondition,
  status: MonitorStatus | undefined,
  alive: boolean,
): Verdict {
  if (status === undefined || status.state === 'created')
    return alive ? pending : failed('was never started');
  const { during, after } = JUDGES[condition];
  return status.state === 'exited' || !alive ? after(status) : during(status);
}

/**
 * Whether a replica that an update has started is ready: met only as long as it stays so. A replica is to run: any end
 * is a failure, a restart by its policy included.
 */
export function judgeUpdate(
  status: MonitorStatus | undefined,
  alive: boolean,
  restartsBefore: number,
): Verdict {
  if (status === undefined || status.state === 'created')
    return alive ? pending : failed('was never started');
  const { health, restartCount = 0, state } = status;
  if (!alive || state === 'exited' || state === 'restarting') return failed(describeExit(status));
  if (restartCount > restartsBefore) return failed('ended and was started again by its restart policy');
  if (health?.status === 'unhealthy') return failed('is unhealthy', describeProbes(status).slice(-1));
  return health?.status === 'starting' ? pending : met;
}

function hasSucceeded(status: MonitorStatus): boolean {
  return status.exitCode === 0 && !status.error;
}

function judgeHealth(status: MonitorStatus): Verdict {
  if (status.state !== 'running') return pending;
  if (status.health === undefined) return failed('has no healthcheck configured');
  if (status.health.status === 'healthy') return met;
  if (status.health.status === 'unhealthy') return failed('is unhealthy', describeProbes(status));
  return pending;
}

function describeExit({ exitCode, error, oomKilled }: MonitorStatus): string {
  if (error) return `ended: ${error}`;
  return `exited (${exitCode ?? '?'})${oomKilled ? ', out of memory' : ''}`;
}

/** The last three probes: what they printed is usually the reason. */
function describeProbes({ health }: MonitorStatus): string[] {
  return (health?.log ?? []).slice(-3).map(({ exitCode, output }) => {
    const text = output.trim().split('\n').slice(-3).join(' / ');
    return `probe exited ${exitCode}${text === '' ? '' : `: ${text}`}`;
  });
}

function failed(why: string, hints: readonly string[] = []): Verdict {
  return { is: 'failed', why, hints };
}
