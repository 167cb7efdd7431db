// volumes: the project's volumes, or those that the named services' containers mount.

import type { ObservedVolume } from '../plan/observed-state.ts';
import { selectContainers } from './containers.ts';
import type { AppContext } from './context.ts';
import { findNamedProject, requireKnownServices } from './named-project.ts';

export interface VolumesOptions {
  readonly services: readonly string[];
  /** Volumes that have no name in the files, too. */
  readonly anonymous: boolean;
}

export async function volumes(
  context: AppContext,
  options: VolumesOptions,
): Promise<readonly ObservedVolume[]> {
  const project = await findNamedProject(context);
  const engine = await context.engine('read');
  const state = await engine.observe(project.name);
  const listed = state.volumes.filter(({ anonymous }) => options.anonymous || !anonymous);
  if (options.services.length === 0) return listed;
  await requireKnownServices(options.services, project, state);
  const users = new Set(selectContainers(state, options.services).map((container) => container.id));
  return listed.filter((volume) => volume.usedBy.some((id) => users.has(id)));
}
