// wait: until the services' containers have stopped.

import { TcError } from '../base/error.ts';
import type { Engine } from '../engine/ports.ts';
import type { ObservedContainer } from '../plan/observed-state.ts';
import { selectContainers } from './containers.ts';
import type { AppContext } from './context.ts';
import { down } from './down.ts';
import { hasEnded } from './followed-container.ts';
import { findNamedProject, requireKnownServices } from './named-project.ts';

export interface WaitOptions {
  readonly services: readonly string[];
  /** Take the project down once the first of them has stopped. */
  readonly downProject: boolean;
}

export interface WaitResult {
  readonly container: ObservedContainer;
  readonly exitCode: number;
}

/** Tells each end as it comes; resolves to the exit code of the first. */
export async function wait(
  context: AppContext,
  options: WaitOptions,
  onExit: (result: WaitResult) => void,
): Promise<number> {
  const project = await findNamedProject(context);
  const engine = await context.engine('read');
  const state = await engine.observe(project.name);
  await requireKnownServices(options.services, project, state);
  const containers = selectContainers(state, options.services);
  if (containers.length === 0) {
    throw new TcError(`project "${project.name}" has no container of ${options.services.join(', ')}`, {
      code: 'no-container',
    });
  }
  const ends = containers.map(async (container) => {
    const exitCode = await waitForEnd(engine, container, context.interrupted);
    onExit({ container, exitCode });
    return exitCode;
  });
  const first = await Promise.race(ends);
  if (options.downProject) await down(context, { services: [] });
  else await Promise.all(ends);
  return first;
}

async function waitForEnd(
  engine: Engine,
  container: ObservedContainer,
  signal: AbortSignal,
): Promise<number> {
  let last = container;
  if (hasEnded(last)) return last.exitCode ?? 0;
  for await (const snapshot of engine.watch(container.id, signal)) {
    last = snapshot;
    if (hasEnded(last)) break;
  }
  signal.throwIfAborted();
  return last.exitCode ?? 0;
}
