// What dead processes left to be mended, from files alone.

import { listRemnants } from '../container/remnant.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { listAbandonedFiles } from '../record/temporary-file.ts';
import { listVolumeRemnants } from '../volume/volumes.ts';

export function needsSweep(paths: InstancePaths, statuses: Iterable<{ readonly lost: boolean }>): boolean {
  if ([...statuses].some((status) => status.lost)) return true;
  return listRemnants(paths).length + listVolumeRemnants(paths).length + findAbandoned(paths).length > 0;
}

/** Where records and requests are replaced by rename. What lies deeper goes with its directory. */
export function findAbandoned({ root, networks, locks }: InstancePaths): string[] {
  return [root, networks, locks].flatMap(listAbandonedFiles);
}
