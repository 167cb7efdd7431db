// A container's state in the words of `docker ps`.

import type { ObservedContainer } from '../../plan/observed-state.ts';
import { describeAge, describeDuration } from '../human-time.ts';

/** `Up 2 minutes (healthy)`, `Exited (0) 3 seconds ago`. `now` in milliseconds since the epoch. */
export function describeStatus(container: ObservedContainer, now: number): string {
  const notes = [describeProblem(container), describeDroppedLines(container)].filter((note) => note !== '');
  return [describeState(container, now), ...notes].join(', ');
}

function describeState(container: ObservedContainer, now: number): string {
  const { exitCode = 0, finishedAt, startedAt, state } = container;
  switch (state) {
    case 'running':
      return `Up ${describeUptime(startedAt, now)}${describeHealth(container)}`;
    case 'paused':
      return `Up ${describeUptime(startedAt, now)} (Paused)`;
    case 'restarting':
      return `Restarting (${exitCode}) ${describeAge(finishedAt ?? startedAt, now)}`;
    case 'exited':
      return `Exited (${exitCode}) ${describeAge(finishedAt, now)}`.trimEnd();
    case 'creating':
      return 'Creating';
    case 'created':
      return 'Created';
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
  }
}

function describeUptime(startedAt: string | undefined, now: number): string {
  return describeDuration(startedAt === undefined ? 0 : now - Date.parse(startedAt));
}

function describeHealth({ health }: ObservedContainer): string {
  if (health === undefined) return '';
  return health === 'starting' ? ' (health: starting)' : ` (${health})`;
}

function describeProblem({ error, oomKilled, state }: ObservedContainer): string {
  if (state === 'running' || state === 'paused') return '';
  return error || (oomKilled ? 'out of memory' : '');
}

function describeDroppedLines({ droppedLogLines = 0 }: ObservedContainer): string {
  return droppedLogLines === 0 ? '' : `${droppedLogLines} log lines lost`;
}
