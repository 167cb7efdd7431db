// Whether dead processes left anything to mend, from files alone.

import { listRemnants } from '../container/remnant.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { listVolumeRemnants } from '../volume/volumes.ts';

export function needsSweep(paths: InstancePaths, statuses: Iterable<{ readonly lost: boolean }>): boolean {
  if ([...statuses].some((status) => status.lost)) return true;
  return listRemnants(paths).length + listVolumeRemnants(paths).length > 0;
}
