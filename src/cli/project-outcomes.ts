// What verbs about all projects say of each, and the exit code that all of them make.

import type { ProjectOutcome } from '../app/every-project.ts';
import type { Session } from './session.ts';

/** `done`: the word for what was done, `started`. */
export function createReporter(
  session: Session,
  done: string,
): { show(outcome: ProjectOutcome): void; conclude(outcomes: readonly ProjectOutcome[]): Promise<number> } {
  return {
    show({ project, containers, failures }) {
      if (containers.length > 0) session.print(`project ${project}: ${done} ${containers.join(', ')}\n`);
      for (const failure of failures) {
        session.display.warn({ code: 'project-failed', message: `project ${project}: ${failure}` });
      }
    },
    async conclude(outcomes) {
      const plans = outcomes.flatMap(({ plan }) => (plan === undefined ? [] : [plan]));
      for (const plan of plans) {
        session.print(`project ${plan.project}:\n`);
        await session.showPlan(plan, 'text');
      }
      const containers = outcomes.flatMap((outcome) => outcome.containers).length;
      const failures = outcomes.flatMap((outcome) => outcome.failures).length;
      if (plans.length === 0) {
        session.print(`${count(containers)} ${done}${failures > 0 ? `, ${failures} failed` : ''}\n`);
      }
      return failures > 0 ? 1 : 0;
    },
  };
}

function count(containers: number): string {
  if (containers === 0) return 'nothing';
  return `${containers} container${containers === 1 ? '' : 's'}`;
}
