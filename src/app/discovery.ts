// Which project the user means, as far as that can be told without loading it.

import { TcError } from '../base/error.ts';
import { type Discovery, discoverFiles } from '../project/discover.ts';
import type { AppContext } from './context.ts';

/** How the user named the project: global flags, directory and environment. Paths as typed. */
export interface ProjectSelection {
  readonly files: readonly string[];
  readonly projectName?: string;
  readonly projectDirectory?: string;
  readonly environmentFiles: readonly string[];
  readonly profiles: readonly string[];
  readonly allResources: boolean;
  /** Container names with `_`. */
  readonly compatibility: boolean;
  /** Absolute: where the command was given. */
  readonly workingDir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Which files make the project, and the variables that they see. */
export function discover({ reader, selection }: Pick<AppContext, 'reader' | 'selection'>): Discovery {
  return discoverFiles(
    {
      files: selection.files,
      cwd: selection.workingDir,
      projectDirectory: selection.projectDirectory,
      envFiles: selection.environmentFiles.length > 0 ? selection.environmentFiles : undefined,
      environment: selection.environment,
    },
    reader,
  );
}

/**
 * COMPOSE_* of the project's `.env` count as exported, as in Docker Compose. None if the files are not found: the verb
 * itself will say so.
 */
export function findComposeVariables(
  context: Pick<AppContext, 'reader' | 'selection'>,
): Readonly<Record<string, string>> {
  try {
    const { variables } = discover(context);
    return Object.fromEntries(Object.entries(variables).filter(([name]) => name.startsWith('COMPOSE_')));
  } catch (error) {
    if (error instanceof TcError) return {};
    throw error;
  }
}
