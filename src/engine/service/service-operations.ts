// The boot service of an instance, loaded on first use.

import type { InstanceLocator } from '../instance/instance.ts';
import type { SystemPort } from '../ports.ts';

export function createServiceOperations(locator: InstanceLocator): Omit<SystemPort, 'check'> {
  const load = () => import('./service.ts');
  return {
    async describeService(request, purpose) {
      const { describeService } = await load();
      return describeService(purpose === 'install' ? locator.ensure() : locator.preview(), request);
    },
    installService: async (service) => (await load()).installService(service),
    enableService: async (service) => (await load()).enableService(service),
    uninstallService: async (service) => (await load()).uninstallService(service),
  };
}
