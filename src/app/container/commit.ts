// commit: an image of what a container has changed. While it is read it stands still.

import type { Engine, ImageEntry } from '../../engine/ports.ts';
import type { ObservedContainer } from '../../plan/observed-state.ts';
import { planFreezeOne } from '../../plan/pause.ts';
import { requireContainer } from '../containers.ts';
import type { AppContext } from '../context.ts';
import { findNamedProject } from '../named-project.ts';
import { findContainer } from './find.ts';

export interface CommitOptions {
  readonly reference?: string;
  readonly author?: string;
  readonly message?: string;
  /** Instructions of a Dockerfile. */
  readonly changes: readonly string[];
  /** A running container is frozen meanwhile, so that its files agree with each other. */
  readonly pause: boolean;
}

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
  { pause, ...options }: CommitOptions,
): Promise<Committed> {
  if (context.dryRun) return { container };
  // From here on a Ctrl-C is heard: nobody is left frozen by it.
  context.interrupted.throwIfAborted();
  const isFrozen = pause && container.state === 'running';
  try {
    if (isFrozen) await freeze(engine, container, 'pause');
    return { container, image: await engine.commit(container, options) };
  } finally {
    if (isFrozen) await freeze(engine, container, 'unpause');
  }
}

async function freeze(
  engine: Engine,
  { id, project }: ObservedContainer,
  verb: 'pause' | 'unpause',
): Promise<void> {
  await engine.execute({
    project,
    verb: 'commit',
    decide: (state) => planFreezeOne(state, id, verb),
    on: () => undefined,
  });
}
