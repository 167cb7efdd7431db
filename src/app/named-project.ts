// For verbs that look at what runs: a project's name, and its files only if they turn out to be needed. Loading them is
// most of what such a verb would cost.

import { TcError } from '../base/error.ts';
import type { ObservedState } from '../plan/observed-state.ts';
import type { ProjectModel } from '../project/model.ts';
import { guessProjectName } from '../project/quick-name.ts';
import { requireServices } from './containers.ts';
import type { AppContext } from './context.ts';
import { discover } from './discovery.ts';

export interface NamedProject {
  readonly name: string;
  /** Undefined: the project is known by its name alone. */
  loadModel(): Promise<ProjectModel | undefined>;
}

export async function findNamedProject(context: AppContext): Promise<NamedProject> {
  const { files, projectName } = context.selection;
  if (projectName !== undefined && files.length === 0) {
    return { name: projectName, loadModel: () => Promise.resolve(undefined) };
  }
  const guessed = guess(context);
  const loader = () => import('./project.ts');
  if (guessed !== undefined) {
    return { name: guessed, loadModel: async () => (await loader()).loadModel(context) };
  }
  const { model, name } = (await loader()).findProject(context);
  return { name, loadModel: () => Promise.resolve(model) };
}

/** Fails on a service that neither a container nor the files know. */
export async function requireKnownServices(
  services: readonly string[],
  project: NamedProject,
  state: ObservedState,
): Promise<void> {
  const running = new Set(state.containers.map((container) => container.service));
  if (services.every((service) => running.has(service))) return;
  requireServices(services, await project.loadModel(), state);
}

/** What is wrong with the files is left to those who load them. */
function guess(context: AppContext): string | undefined {
  try {
    const discovery = discover(context);
    for (const warning of discovery.warnings) context.on({ type: 'warning', warning });
    return guessProjectName({ discovery, projectName: context.selection.projectName }, context.reader);
  } catch (error) {
    if (error instanceof TcError) return undefined;
    throw error;
  }
}
