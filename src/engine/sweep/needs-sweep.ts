// What dead processes left to be mended, from files alone.

import { isMarkedFrozen } from '../container/freeze.ts';
import { listRemnants } from '../container/remnant.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { listAbandonedFiles } from '../record/temporary-file.ts';
import type { ContainerStatus } from '../status/status.ts';
import { listVolumeRemnants } from '../volume/volumes.ts';

export function needsSweep(
  paths: InstancePaths,
  statuses: ReadonlyMap<string, Pick<ContainerStatus, 'lost' | 'status'>>,
): boolean {
  for (const [id, { lost, status }] of statuses) {
    if (lost || (status?.state === 'paused' && isMarkedFrozen(paths, id))) return true;
  }
  return listRemnants(paths).length + listVolumeRemnants(paths).length + findAbandoned(paths).length > 0;
}

/** Where records and requests are replaced by rename. What lies deeper goes with its directory. */
export function findAbandoned({ root, networks, locks }: InstancePaths): string[] {
  return [root, networks, locks].flatMap(listAbandonedFiles);
}
