// Copies and removals in the containers of a service, each of them on its own: one that fails holds up no other.

import { mapConcurrently } from '../../base/async.ts';
import type { Engine } from '../../engine/ports.ts';
import type { ObservedContainer } from '../../plan/observed-state.ts';
import { planSync, type SyncWork } from '../../plan/watch-batch.ts';

/** As many at a time as there are disks to keep busy, not as there are replicas. */
const parallel = 8;

export interface SyncTask {
  readonly container: ObservedContainer;
  readonly work: SyncWork;
}

/** What failed, by container id. */
export async function syncContainers(
  engine: Engine,
  tasks: readonly SyncTask[],
): Promise<ReadonlyMap<string, unknown>> {
  const failed = new Map<string, unknown>();
  await mapConcurrently(tasks, parallel, async ({ container, work }) => {
    try {
      await syncContainer(engine, container, work);
    } catch (error) {
      failed.set(container.id, error);
    }
  });
  return failed;
}

async function syncContainer(engine: Engine, container: ObservedContainer, work: SyncWork): Promise<void> {
  const { groups, removals } = planSync(
    work,
    container.mounts.map(({ target }) => target),
  );
  const tree = await engine.copy.container(container);
  try {
    await tree.remove(removals);
    for (const { directory, files } of groups) {
      // Owners are those of the host, by number, as with a mount.
      await tree.write(directory, engine.sources.pack(files), { keepOwners: true, devices: false });
    }
  } finally {
    tree.close();
  }
}
