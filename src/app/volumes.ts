// volumes: the project's volumes, or those that the named services' containers mount.

import type { ObservedVolume } from '../plan/observed-state.ts';
import { requireServices, selectContainers } from './containers.ts';
import type { AppContext } from './context.ts';
import { findProject } from './project.ts';

export async function volumes(
  context: AppContext,
  options: { readonly services: readonly string[] },
): Promise<readonly ObservedVolume[]> {
  const { name, model } = findProject(context);
  const engine = await context.engine('read');
  const state = await engine.observe(name);
  if (options.services.length === 0) return state.volumes;
  requireServices(options.services, model, state);
  const users = new Set(selectContainers(state, options.services).map((container) => container.id));
  return state.volumes.filter((volume) => volume.usedBy.some((id) => users.has(id)));
}
