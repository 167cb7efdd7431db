// export: the root file system of a container as a tar.

import type { Engine } from '../../engine/ports.ts';
import type { ObservedContainer } from '../../plan/observed-state.ts';
import { requireContainer } from '../containers.ts';
import type { AppContext } from '../context.ts';
import { findNamedProject } from '../named-project.ts';
import { findContainer } from './find.ts';

export interface Exported {
  readonly container: ObservedContainer;
  /** Absent: a dry run. */
  readonly archive?: AsyncIterable<Uint8Array>;
}

/** Of any container of this instance. */
export async function exportContainer(context: AppContext, name: string): Promise<Exported> {
  const engine = await context.engine('change');
  return open(context, engine, await findContainer(engine, name));
}

/** Of a service of the project. */
export async function exportService(
  context: AppContext,
  { service, index }: { readonly service: string; readonly index?: number },
): Promise<Exported> {
  const { name } = await findNamedProject(context);
  const engine = await context.engine('change');
  return open(context, engine, requireContainer(await engine.observe(name), service, index));
}

function open(context: AppContext, engine: Engine, container: ObservedContainer): Exported {
  return context.dryRun ? { container } : { container, archive: engine.export(container) };
}
