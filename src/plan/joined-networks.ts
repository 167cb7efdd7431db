// Which networks the containers of a service join.

import type { ServiceConfig, ServiceNetworkConfig } from '../project/service-config.ts';

/** Key -> settings. `network_mode: bridge` is the project's own `default`: there is no bridge for all projects. */
export function joinedNetworks(
  service: ServiceConfig,
): Readonly<Record<string, ServiceNetworkConfig | null>> {
  return service.networks ?? (service.network_mode === 'bridge' ? { default: null } : {});
}
