// ls: the projects of this instance.

import type { ProjectSummary } from '../engine/ports.ts';
import type { AppContext } from './context.ts';

export interface LsOptions {
  /** Also those of which nothing runs. */
  readonly all: boolean;
  /** Regular expression on the name. */
  readonly name?: RegExp;
}

export async function ls(context: AppContext, options: LsOptions): Promise<readonly ProjectSummary[]> {
  const engine = await context.engine('read');
  const projects = await engine.listProjects();
  return projects.filter(
    (project) =>
      (options.all || (project.states['running'] ?? 0) > 0) && (options.name?.test(project.name) ?? true),
  );
}
