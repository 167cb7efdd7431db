// The network of build steps, as it is recorded; apart, as most builds need to know only that there is none.

import type { InstancePaths } from '../instance/paths.ts';
import { listNetworkRecords, type NetworkRecord } from '../record/network-record.ts';

export const BUILD_NETWORK_KEY = 'build';

export function findBuildNetwork(paths: InstancePaths): NetworkRecord | undefined {
  return listNetworkRecords(paths).find(
    ({ key, project }) => project === undefined && key === BUILD_NETWORK_KEY,
  );
}
