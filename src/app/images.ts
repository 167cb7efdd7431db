// images: what the project's containers were made from.

import { TcError } from '../base/error.ts';
import type { Engine, ImageDetails } from '../engine/ports.ts';
import type { ObservedContainer } from '../plan/observed-state.ts';
import type { AppContext } from './context.ts';
import { findNamedProject, requireKnownServices } from './named-project.ts';

export interface ContainerImage {
  readonly container: ObservedContainer;
  /** Absent for `host` and directories, which no store holds, and for an image that was removed by force. */
  readonly image?: ImageDetails;
}

/** By name of the container; one-off ones included. */
export async function images(
  context: AppContext,
  { services }: { readonly services: readonly string[] },
): Promise<readonly ContainerImage[]> {
  const project = await findNamedProject(context);
  const engine = await context.engine('read');
  const state = await engine.observe(project.name);
  await requireKnownServices(services, project, state);
  const meant = state.containers.filter(({ service }) => services.length === 0 || services.includes(service));
  const ids = [...new Set(meant.map(({ inputs }) => inputs.imageId))];
  const details = new Map(
    await Promise.all(ids.map(async (id) => [id, await findImage(engine, id)] as const)),
  );
  return meant
    .map((container) => {
      const image = details.get(container.inputs.imageId);
      return { container, ...(image && { image }) };
    })
    .sort((a, b) => (a.container.name < b.container.name ? -1 : 1));
}

/** By name or id; undefined if the store does not have it. */
export async function findImage(engine: Engine, reference: string): Promise<ImageDetails | undefined> {
  try {
    return await engine.images.inspect(reference);
  } catch (error) {
    if (error instanceof TcError && absent.has(error.code)) return undefined;
    throw error;
  }
}

/** What is no name cannot be there either. */
const absent: ReadonlySet<string> = new Set(['no-such-image', 'invalid-reference']);
