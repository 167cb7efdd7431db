// volumes: the project's volumes, or those that the named services' containers mount.

import type { ObservedVolume } from '../plan/observed-state.ts';
import { selectContainers } from './containers.ts';
import type { AppContext } from './context.ts';
import { findNamedProject, requireKnownServices } from './named-project.ts';

export async function volumes(
  context: AppContext,
  options: { readonly services: readonly string[] },
): Promise<readonly ObservedVolume[]> {
  const project = await findNamedProject(context);
  const engine = await context.engine('read');
  const state = await engine.observe(project.name);
  if (options.services.length === 0) return state.volumes;
  await requireKnownServices(options.services, project, state);
  const users = new Set(selectContainers(state, options.services).map((container) => container.id));
  return state.volumes.filter((volume) => volume.usedBy.some((id) => users.has(id)));
}
