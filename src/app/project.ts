// From what the user named to a project: the model where the files are needed, the bare name where they are not.

import { TcError } from '../base/error.ts';
import type { Warning } from '../base/warning.ts';
import { type LoadOptions, loadProject } from '../project/load.ts';
import type { ProjectModel } from '../project/model.ts';
import type { AppContext } from './context.ts';
import { discover } from './discovery.ts';

export interface FoundProject {
  readonly name: string;
  /** Absent: the project is known by its name alone. */
  readonly model?: ProjectModel;
}

/** What a verb may change about the load; the rest is the user's selection. */
export type LoadChanges = Partial<
  Pick<
    LoadOptions,
    'services' | 'allResources' | 'consistency' | 'envResolution' | 'pathResolution' | 'normalization'
  >
> & { readonly profiles?: readonly string[] };

/** What a load needs of the context; `on` is told warnings. */
export type LoadContext = Pick<AppContext, 'reader' | 'selection'> & {
  on(event: { readonly type: 'warning'; readonly warning: Warning }): void;
};

/** The model, its warnings told. Naming services leaves out what they do not need. */
export function loadModel(context: LoadContext, changes: LoadChanges = {}): ProjectModel {
  const model = loadProject(findLoadOptions(context, changes), context.reader);
  for (const warning of model.warnings) context.on({ type: 'warning', warning });
  return model;
}

/** What the loader takes, with the warnings of the search for files told. */
export function findLoadOptions(context: LoadContext, changes: LoadChanges = {}): LoadOptions {
  const { selection } = context;
  const { cwd, envFiles, environment, files, projectDirectory, warnings } = discover(context);
  for (const warning of warnings) context.on({ type: 'warning', warning });
  return {
    files,
    cwd,
    projectDirectory,
    envFiles,
    environment,
    projectName: selection.projectName,
    profiles: selection.profiles,
    allResources: selection.allResources,
    ...changes,
  };
}

/**
 * For verbs that act on what runs. A name given without files stands for itself, as in Docker Compose; so does
 * COMPOSE_PROJECT_NAME where there is no file.
 */
export function findProject(context: AppContext): FoundProject {
  const { environment, files, projectName } = context.selection;
  if (projectName !== undefined && files.length === 0) return { name: projectName };
  try {
    const model = loadModel(context);
    return { name: model.name, model };
  } catch (error) {
    const name = environment['COMPOSE_PROJECT_NAME'];
    const isMissing = error instanceof TcError && error.code === 'file-missing';
    if (isMissing && files.length === 0 && name) return { name };
    throw error;
  }
}
