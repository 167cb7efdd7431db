// top: what runs in the containers.

import type { ContainerProcess } from '../engine/ports.ts';
import type { ObservedContainer } from '../plan/observed-state.ts';
import { requireServices, selectContainers } from './containers.ts';
import type { AppContext } from './context.ts';
import { findProject } from './project.ts';

export interface ContainerTop {
  readonly container: ObservedContainer;
  readonly processes: readonly ContainerProcess[];
}

export async function top(context: AppContext, services: readonly string[]): Promise<ContainerTop[]> {
  const { name, model } = findProject(context);
  const engine = await context.engine('read');
  const state = await engine.observe(name);
  requireServices(services, model, state);
  const alive = selectContainers(state, services).filter(({ pid }) => pid !== undefined);
  return Promise.all(
    alive.map(async (container) => ({ container, processes: await engine.listProcesses(container) })),
  );
}
