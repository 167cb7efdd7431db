// Containers of the project that the model does not know.

import type { Warning } from '../base/warning.ts';
import type { ProjectModel } from '../project/model.ts';
import type { ObservedContainer, ObservedState } from './observed-state.ts';
import { isOrphan, knows } from './selection.ts';
import type { UpOptions } from './up-options.ts';

export function findOrphans(model: ProjectModel, state: ObservedState): ObservedContainer[] {
  const isKnown = knows(model);
  return state.containers
    .filter((container) => isOrphan(container, isKnown))
    .toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
}

/** Says what is left alone. One-offs that have ended are what `run` leaves without --rm: nothing to warn of. */
export function explainOrphans(
  model: ProjectModel,
  orphans: readonly ObservedContainer[],
  options: UpOptions,
): Warning[] {
  if (options.ignoreOrphans || options.removeOrphans) return [];
  const left = orphans.filter((container) => !container.oneOff);
  const own = left.filter((container) => container.workingDir === model.workingDir);
  const foreign = left.filter((container) => container.workingDir !== model.workingDir);
  const warnings: Warning[] = [];
  if (own.length > 0) {
    warnings.push({
      code: 'orphan-containers',
      message: `found orphan containers of services that the files do not have: ${nameList(own)}`,
      hint: 'if the services were removed or renamed, --remove-orphans cleans them up',
    });
  }
  for (const directory of new Set(foreign.map((container) => container.workingDir))) {
    const there = foreign.filter((container) => container.workingDir === directory);
    warnings.push({
      code: 'project-name-shared',
      message: `project ${model.name} also has containers started from ${directory}: ${nameList(there)}`,
      hint: 'if that is another project, give one of them a name of its own with -p',
    });
  }
  return warnings;
}

function nameList(containers: readonly ObservedContainer[]): string {
  return containers.map((container) => container.name).join(', ');
}
