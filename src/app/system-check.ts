// system check: what a crash or a reboot left, and mending it.

import type { SystemFinding } from '../engine/ports.ts';
import type { AppContext } from './context.ts';

export async function systemCheck(
  context: AppContext,
  options: { readonly repair: boolean },
): Promise<readonly SystemFinding[]> {
  const repair = options.repair && !context.dryRun;
  const engine = await context.engine(repair ? 'change' : 'read');
  return engine.system.check({ repair });
}
