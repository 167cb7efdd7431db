// commit: an image of what a container has changed. While it is read it stands still.

import type { CommitOptions, Engine, ImageEntry } from '../../engine/ports.ts';
import type { ObservedContainer } from '../../plan/observed-state.ts';
import { requireContainer } from '../containers.ts';
import type { AppContext } from '../context.ts';
import { findNamedProject } from '../named-project.ts';
import { findContainer } from './find.ts';

export interface Committed {
  readonly container: ObservedContainer;
  /** Absent: a dry run. */
  readonly image?: ImageEntry;
}

/** Of any container of this instance. */
export async function commitContainer(
  context: AppContext,
  name: string,
  options: CommitOptions,
): Promise<Committed> {
  const engine = await context.engine('change');
  return commit(context, engine, await findContainer(engine, name), options);
}

/** Of a service of the project. */
export async function commitService(
  context: AppContext,
  { service, index }: { readonly service: string; readonly index?: number },
  options: CommitOptions,
): Promise<Committed> {
  const { name } = await findNamedProject(context);
  const engine = await context.engine('change');
  const container = requireContainer(await engine.observe(name), service, index);
  return commit(context, engine, container, options);
}

async function commit(
  context: AppContext,
  engine: Engine,
  container: ObservedContainer,
  options: CommitOptions,
): Promise<Committed> {
  if (context.dryRun) return { container };
  // From here on a Ctrl-C is heard: it does not end the process while the container is frozen.
  context.interrupted.throwIfAborted();
  return { container, image: await engine.commit(container, options) };
}
