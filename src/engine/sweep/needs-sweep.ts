// Whether dead processes left anything to mend, from files alone.

import { listRemnants } from '../container/remnant.ts';
import type { InstancePaths } from '../instance/paths.ts';

export function needsSweep(paths: InstancePaths, statuses: Iterable<{ readonly lost: boolean }>): boolean {
  return [...statuses].some((status) => status.lost) || listRemnants(paths).length > 0;
}
