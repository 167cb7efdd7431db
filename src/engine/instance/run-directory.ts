// The run directory goes with the last container and network that has files in it.

import { rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { unless } from '../../base/system-error.ts';
import type { InstancePaths } from './paths.ts';

/** Removes what is empty. Whoever needs a directory again makes it. */
export function removeEmptyRunDirectory({ runDir, portGroups }: InstancePaths): void {
  for (const directory of [join(runDir, 'containers'), join(runDir, 'networks'), portGroups, runDir]) {
    unless(['ENOENT', 'ENOTEMPTY', 'EEXIST', 'EBUSY'], () => rmdirSync(directory));
  }
}
