// container inspect: all that is known of containers.

import type { ContainerDetails } from '../../engine/ports.ts';
import type { AppContext } from '../context.ts';
import { eachOf, type Results } from '../image/each.ts';
import { findContainer } from './find.ts';

/** Of any project, by name or the first digits of an id. */
export async function inspectContainers(
  context: AppContext,
  names: readonly string[],
): Promise<Results<ContainerDetails>> {
  const engine = await context.engine('change');
  return eachOf(names, async (name) => engine.inspect(await findContainer(engine, name)));
}
