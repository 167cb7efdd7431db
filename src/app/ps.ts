// ps: which containers there are.

import type { ContainerState, ObservedContainer } from '../plan/observed-state.ts';
import type { AppContext } from './context.ts';
import { findNamedProject, requireKnownServices } from './named-project.ts';

export type { ContainerState };

export interface PsOptions {
  readonly services: readonly string[];
  /** Stopped ones and one-off ones too. */
  readonly all: boolean;
  /** Only these states; goes before `all`. */
  readonly states: readonly ContainerState[];
  /** Containers of services that the files do not have. */
  readonly orphans: boolean;
}

export async function ps(context: AppContext, options: PsOptions): Promise<readonly ObservedContainer[]> {
  const project = await findNamedProject(context);
  const engine = await context.engine('read');
  const state = await engine.observe(project.name);
  await requireKnownServices(options.services, project, state);
  const model = options.orphans ? undefined : await project.loadModel();
  const isKnown = (service: string) =>
    model === undefined || service in model.services || service in model.disabledServices;
  return state.containers.filter(
    (container) =>
      (options.services.length === 0 || options.services.includes(container.service)) &&
      (options.orphans || isKnown(container.service)) &&
      isShown(container, options),
  );
}

export const containerStates = [
  'creating',
  'created',
  'running',
  'paused',
  'restarting',
  'exited',
  'removing',
  'dead',
] as const satisfies readonly ContainerState[];

const active: readonly ContainerState[] = ['running', 'restarting', 'paused'];

function isShown(container: ObservedContainer, { all, states }: PsOptions): boolean {
  if (states.length > 0) return states.includes(container.state);
  return all || (active.includes(container.state) && !container.oneOff);
}
