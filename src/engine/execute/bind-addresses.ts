// Where a service publishes the ports that name no host address: what its networks say. Pure but for reading records.

import type { OperationOf, Plan } from '../../plan/operation.ts';
import type { NetworkConfig } from '../../project/model.ts';
import { parseNetworkOptions } from '../network/network-options.ts';
import type { Execution } from './execution.ts';

/** Undefined: no network says anything. */
export function findBindAddresses(
  execution: Execution,
  plan: Plan,
  { networks }: OperationOf<'create-container'>,
): readonly string[] | undefined {
  return Object.values(networks)
    .map((name) => parseNetworkOptions(findConfig(execution, plan, name)).bindAddresses)
    .find((addresses) => addresses !== undefined);
}

/** As this plan is going to make it, or as it was made. */
function findConfig(execution: Execution, plan: Plan, name: string): NetworkConfig {
  for (const { operation } of plan.nodes) {
    if (operation.kind === 'create-network' && operation.config.name === name) return operation.config;
  }
  return execution.findNetwork(name).recorded;
}
