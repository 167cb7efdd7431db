// Verbs about all projects of the instance: each project on its own, several at a time, and what came of each.

import { mapConcurrently } from '../base/async.ts';
import { TcError } from '../base/error.ts';
import type { ProjectSummary } from '../engine/ports.ts';
import type { OperationKind } from '../plan/operation.ts';
import { carryOut, type Outcome, type Undertaking } from './carry-out.ts';
import type { AppContext, AppEvent } from './context.ts';

export interface ProjectOutcome {
  readonly project: string;
  /** Names of the containers to which it was done. */
  readonly containers: readonly string[];
  /** One sentence each. */
  readonly failures: readonly string[];
  /** Present for a dry run. */
  readonly plan?: Outcome['plan'];
}

export interface EveryProject extends Omit<Undertaking, 'project' | 'model'> {
  /** The operation that counts. */
  readonly counts: OperationKind;
  /** Whether there may be something to do for a project. */
  concerns(project: ProjectSummary): boolean;
  /** As soon as a project is done with. */
  report(outcome: ProjectOutcome): void;
}

/** Waits of one project do not hold the others back: more than there are processors. */
const PROJECTS_AT_A_TIME = 32;

/** What fails in one project is reported and does not stop the others; it is tried once more when all are through. */
export async function onEveryProject(
  context: AppContext,
  verb: EveryProject,
): Promise<readonly ProjectOutcome[]> {
  const engine = await context.engine(context.dryRun ? 'read' : 'change');
  const concerned = (await engine.listProjects()).filter(verb.concerns);
  const names = concerned.map(({ name }) => name);
  const attempt = (projects: readonly string[], isLast: boolean) =>
    mapConcurrently(projects, PROJECTS_AT_A_TIME, async (project) => {
      const outcome = await onProject(context, verb, project);
      if (isLast || outcome.failures.length === 0) verb.report(outcome);
      return outcome;
    });
  const first = await attempt(names, false);
  const failed = first.filter(({ failures }) => failures.length > 0);
  const again = await attempt(
    failed.map(({ project }) => project),
    true,
  );
  return [...first.map((outcome) => ({ ...outcome, failures: [] })), ...again];
}

async function onProject(context: AppContext, verb: EveryProject, project: string): Promise<ProjectOutcome> {
  const containers: string[] = [];
  const failures: string[] = [];
  const on = (event: AppEvent) => {
    if (event.type === 'warning') {
      const { message } = event.warning;
      context.on({ ...event, warning: { ...event.warning, message: `project ${project}: ${message}` } });
    }
    if (event.type !== 'node' || event.operation.kind !== verb.counts) return;
    const name = 'container' in event.operation ? event.operation.container.name : '';
    if (event.phase === 'done') containers.push(name);
    if (event.phase === 'failed') failures.push(describeFailure(name, event.detail ?? ''));
  };
  try {
    const { plan, isDryRun } = await carryOut({ ...context, on }, { ...verb, project });
    return { project, containers, failures, ...(isDryRun ? { plan } : {}) };
  } catch (error) {
    if (error instanceof TcError && error.code === 'interrupted') throw error;
    if (failures.length === 0) failures.push(error instanceof Error ? error.message : String(error));
    return { project, containers, failures };
  }
}

function describeFailure(name: string, detail: string): string {
  return detail.includes(name) ? detail : `container ${name}: ${detail}`;
}
