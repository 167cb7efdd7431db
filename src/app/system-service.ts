// system install-service and uninstall-service: what the host's init system runs at boot and at shutdown.

import type { ServiceFile, ServiceRequest } from '../engine/ports.ts';
import type { AppContext } from './context.ts';

export type InstallResult = {
  readonly service: ServiceFile;
  readonly outcome: 'shown' | 'written' | 'unchanged';
  readonly enabled: boolean;
};

/** `print`: nothing is written. It is never enabled unasked. */
export async function installService(
  context: AppContext,
  request: ServiceRequest & { readonly enable: boolean; readonly print: boolean },
): Promise<InstallResult> {
  const isShown = request.print || context.dryRun;
  const { system } = await context.engine(isShown ? 'read' : 'change');
  const service = await system.describeService(request, isShown ? 'show' : 'install');
  if (isShown) return { service, outcome: 'shown', enabled: false };
  const outcome = (await system.installService(service)) ? 'written' : 'unchanged';
  if (request.enable) await system.enableService(service);
  return { service, outcome, enabled: request.enable };
}

/** Whether there was one. */
export async function uninstallService(
  context: AppContext,
  request: ServiceRequest,
): Promise<{ readonly service: ServiceFile; readonly removed: boolean }> {
  const { system } = await context.engine(context.dryRun ? 'read' : 'change');
  const service = await system.describeService(request, 'show');
  return { service, removed: !context.dryRun && (await system.uninstallService(service)) };
}
