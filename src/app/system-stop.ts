// system stop: before a shutdown, everything that runs, of all projects; what comes back with the host comes back.

import { planHostStop } from '../plan/boot.ts';
import type { AppContext } from './context.ts';
import { onEveryProject, type ProjectOutcome } from './every-project.ts';

const RUNNING = ['running', 'paused', 'restarting'];

export function systemStop(
  context: AppContext,
  report: (outcome: ProjectOutcome) => void,
): Promise<readonly ProjectOutcome[]> {
  return onEveryProject(context, {
    verb: 'system stop',
    counts: 'stop-container',
    keepGoing: true,
    concerns: ({ states }) => RUNNING.some((state) => (states[state] ?? 0) > 0),
    decide: planHostStop,
    report,
  });
}
