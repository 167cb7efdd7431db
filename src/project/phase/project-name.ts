// The project's name: `-p`, then COMPOSE_PROJECT_NAME, then `name:` of the last file that has one, then the directory.

import { basename } from 'node:path';
import type { Diagnostics } from '../diagnostic/diagnostics.ts';
import type { Environment } from '../text/environment.ts';
import type { Place } from '../text/source-text.ts';
import { substitute, TemplateError } from '../text/template.ts';
import { type Mapping, valuePlace } from '../text/tree.ts';

export interface NameSources {
  readonly explicit: string | undefined;
  readonly environment: Environment;
  /** Every document, in order. */
  readonly trees: readonly Mapping[];
  readonly directory: string;
  /** Without symbolic links. */
  readonly realDirectory: string;
}

export function resolveProjectName(sources: NameSources, diagnostics: Diagnostics): string {
  const { explicit, environment, trees, directory, realDirectory } = sources;
  if (explicit) return checkName(explicit, 'the project name', 0, diagnostics);
  const variable = environment.entry('COMPOSE_PROJECT_NAME');
  if (variable?.value) return checkName(variable.value, 'COMPOSE_PROJECT_NAME', variable.at, diagnostics);
  const named = trees.findLast((tree) => typeof tree['name'] === 'string' && tree['name'] !== '');
  if (named) {
    const name = interpolateName(String(named['name']), environment);
    if (name !== undefined && name !== '') return adaptName(name, valuePlace(named, 'name'), diagnostics);
  }
  const name = normalizeProjectName(basename(directory));
  if (name === '') {
    diagnostics.error({
      code: 'project-name',
      message: `the directory name \`${basename(directory)}\` makes no project name`,
      hints: ['give the project a name: `-p NAME`, or `name:` in the file'],
    });
  }
  if (normalizeProjectName(basename(realDirectory)) !== name) {
    diagnostics.warn({
      code: 'project-name',
      message: `the project is called \`${name}\` after a symbolic link to ${realDirectory}`,
      hints: ['give it a name that does not depend on the way here: `name:` in the file, or `-p NAME`'],
    });
  }
  return name;
}

/** Lower case, `a-z0-9_-` only, not starting with `_` or `-`. */
export function normalizeProjectName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
}

function checkName(name: string, what: string, at: Place, diagnostics: Diagnostics): string {
  const normal = normalizeProjectName(name);
  if (normal === name) return name;
  diagnostics.error({
    code: 'project-name',
    message: `${what} \`${name}\` is not valid: it takes a-z, 0-9, \`_\` and \`-\`, and starts with a letter or digit`,
    at,
    hints: normal === '' ? [] : [`write \`${normal}\``],
  });
  return normal;
}

/** A name in the file is made fit, as Docker Compose does. */
function adaptName(name: string, at: Place, diagnostics: Diagnostics): string {
  const normal = normalizeProjectName(name);
  if (normal === '') return checkName(name, 'name', at, diagnostics);
  if (normal !== name) {
    const hints = [`write \`name: ${normal}\``];
    diagnostics.warn({
      code: 'project-name',
      message: `name \`${name}\` is taken as \`${normal}\``,
      at,
      hints,
    });
  }
  return normal;
}

/** What is wrong with the template is reported when the whole file is interpolated. */
function interpolateName(template: string, environment: Environment): string | undefined {
  try {
    return substitute(template, { lookup: environment.lookup });
  } catch (error) {
    if (error instanceof TemplateError) return undefined;
    throw error;
  }
}
