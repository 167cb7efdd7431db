// system restore: after a reboot, what the restart policies bring back, of all projects.

import type { SystemFinding } from '../engine/ports.ts';
import { planRestore, type RestoreOptions } from '../plan/boot.ts';
import type { AppContext } from './context.ts';
import { onEveryProject, type ProjectOutcome } from './every-project.ts';
import { systemCheck } from './system-check.ts';

export interface RestoreReport {
  /** What the reboot left and was mended first. */
  mended(findings: readonly SystemFinding[]): void;
  project(outcome: ProjectOutcome): void;
}

/** Mends what the reboot left first: a damaged record of one project must not keep the others down. */
export async function systemRestore(
  context: AppContext,
  options: RestoreOptions,
  report: RestoreReport,
): Promise<readonly ProjectOutcome[]> {
  report.mended(await systemCheck(context, { repair: true }));
  return onEveryProject(context, {
    verb: 'system restore',
    counts: 'start-container',
    keepGoing: true,
    concerns: ({ states }) => (states['exited'] ?? 0) > 0,
    decide: (state) => planRestore(state, options),
    report: report.project,
  });
}
