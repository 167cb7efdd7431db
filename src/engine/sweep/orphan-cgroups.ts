// Cgroups of this instance whose container has no directory any more (somebody removed it by hand, and its processes,
// the monitor among them, may run on), or does not run.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isId } from '../../base/id.ts';
import { unless } from '../../base/system-error.ts';
import type { CgroupLayout } from '../../runtime/cgroup-layout.ts';
import { remnantPath } from '../container/remnant.ts';
import { emptyCgroup, removeCgroup } from '../container/stop.ts';
import type { EngineContext } from '../context.ts';
import { lockDirectory } from '../lock/file-lock.ts';
import { readContainerStatus } from '../status/status.ts';
import type { Discrepancy } from './check.ts';

export function findOrphanCgroups(context: EngineContext, layout: CgroupLayout): Discrepancy[] {
  const { paths, names } = context.instance;
  const mounts = [...layout.v1, ...(layout.unified ? [layout.unified] : [])].map(({ mount }) => mount);
  const parents = mounts.map((mount) => join(mount, names.cgroupParent));
  const isBuilding = (id: string) => existsSync(remnantPath(paths, 'building', id));
  const ids = new Set(parents.flatMap((parent) => unless(['ENOENT'], () => readdirSync(parent)) ?? []));
  return [...ids].filter(isId).flatMap((id): Discrepancy[] => {
    const what = `cgroup ${names.cgroupParent}/${id.slice(0, 12)}`;
    if (isBuilding(id)) return [];
    if (!existsSync(paths.container(id))) {
      const why = 'its container does not exist any more';
      return [{ what, why, repair: () => removeOrphan(context, layout, id, parents) }];
    }
    // Of a lost one it is found with the container.
    const { alive, lost } = readContainerStatus(paths, id);
    if (alive || lost) return [];
    return [{ what, why: 'its container does not run', repair: () => emptyStopped(context, id) }];
  });
}

async function emptyStopped(context: EngineContext, id: string): Promise<boolean> {
  const lock = await lockDirectory(context.native, context.instance.paths.container(id), false);
  if (lock === undefined) return false;
  try {
    await emptyCgroup(context, context.instance.paths.container(id));
    return true;
  } finally {
    context.native.close(lock);
  }
}

async function removeOrphan(
  { native, instance }: EngineContext,
  layout: CgroupLayout,
  id: string,
  parents: readonly string[],
): Promise<void> {
  const below = (mount: string | undefined) => mount && join(mount, instance.names.cgroupParent, id);
  const unified = below(layout.unified?.mount);
  const freezer = below(layout.v1.find(({ controllers }) => controllers.includes('freezer'))?.mount);
  const procs = unified ?? freezer;
  if (procs !== undefined && existsSync(procs)) await native.killCgroup(procs, unified, freezer);
  for (const directory of [...parents.map((parent) => join(parent, id)), ...parents]) {
    removeCgroup(directory);
  }
}
