// ls: the projects of this instance.

import type { ProjectSummary } from '../engine/ports.ts';
import type { AppContext } from './context.ts';

export interface LsOptions {
  /** Also projects of which nothing runs, and the other projects' containers that do not. */
  readonly all: boolean;
  /** Regular expression on the name. */
  readonly name?: RegExp;
}

export async function ls(context: AppContext, options: LsOptions): Promise<readonly ProjectSummary[]> {
  const engine = await context.engine('read');
  const named = (await engine.listProjects()).filter(({ name }) => options.name?.test(name) ?? true);
  if (options.all) return named;
  return named.map(withoutStopped).filter(({ states }) => Object.keys(states).length > 0);
}

/** The states in which a container has processes, as Docker counts them. */
const live = ['running', 'paused', 'restarting'];

function withoutStopped(project: ProjectSummary): ProjectSummary {
  const states = Object.entries(project.states).filter(([state]) => live.includes(state));
  return { ...project, states: Object.fromEntries(states) };
}
