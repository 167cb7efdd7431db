// Whether the networks and volumes of a plan can be made, and the addresses that services ask for be given: found out
// before the first of them is made. What is found free here is chosen again, under the locks, when it is taken.

import type { OperationOf, Plan } from '../../plan/operation.ts';
import type { ProjectModel } from '../../project/model.ts';
import { allocateLease, allocateSubnets } from '../network/ipam.ts';
import { listTaken } from '../network/leases.ts';
import { type NamedEndpoint, readNames } from '../network/names-file.ts';
import { configuredPools, listSubnets } from '../network/networks.ts';
import type { SubnetRecord } from '../record/network-record.ts';
import { checkVolume } from '../volume/volumes.ts';
import type { Execution } from './execution.ts';
import { atPath } from './locate.ts';

interface PlannedNetwork {
  readonly subnets: readonly SubnetRecord[];
  /** With those that this plan adds. */
  readonly members: NamedEndpoint[];
}

export async function checkResources(
  execution: Execution,
  plan: Plan,
  model: ProjectModel | undefined,
): Promise<void> {
  const networks = new Map<string, PlannedNetwork>();
  const taken = listTakenSubnets(execution, plan);
  for (const { operation } of plan.nodes) {
    if (operation.kind === 'create-volume') {
      await atPath(model, ['volumes', operation.key], async () => checkVolume(operation.config));
    }
    if (operation.kind === 'create-network') {
      const { key, config } = operation;
      await atPath(model, ['networks', key], async () => {
        const subnets = allocateSubnets(config, '', configuredPools(), taken);
        taken.push(...subnets.map((entry) => entry.subnet));
        networks.set(config.name, { subnets, members: [] });
      });
    }
    if (operation.kind === 'create-container') {
      const path = ['services', operation.service.name, 'networks'];
      await atPath(model, path, async () => checkAddresses(execution, operation, networks));
    }
  }
}

/** Without those of networks that the plan removes: their successors may have them. */
function listTakenSubnets({ context, networks }: Execution, plan: Plan): string[] {
  const leaving = new Set(
    plan.nodes.flatMap(({ operation }) => {
      const record = operation.kind === 'remove-network' ? networks.get(operation.id) : undefined;
      return record ? listSubnets(record) : [];
    }),
  );
  const all = [...context.native.listSubnets(), ...[...networks.values()].flatMap(listSubnets)];
  return all.filter((subnet) => !leaving.has(subnet));
}

function checkAddresses(
  execution: Execution,
  { service, networks: names, replaces }: OperationOf<'create-container'>,
  planned: Map<string, PlannedNetwork>,
): void {
  for (const [key, config] of Object.entries(service.networks ?? {})) {
    const name = names[key];
    const { ipv4_address: ipv4, ipv6_address: ipv6 } = config ?? {};
    if (name === undefined || (ipv4 === undefined && ipv6 === undefined)) continue;
    const network = planned.get(name) ?? readNetwork(execution, name);
    planned.set(name, network);
    const lease = allocateLease({
      network: name,
      subnets: network.subnets,
      taken: listTaken(network.members, replaces?.id),
      ...(ipv4 === undefined ? {} : { ipv4 }),
      ...(ipv6 === undefined ? {} : { ipv6 }),
    });
    network.members.push({ ...lease, containerId: service.name, names: [] });
  }
}

function readNetwork(execution: Execution, name: string): PlannedNetwork {
  const record = execution.findNetwork(name);
  const members = readNames(execution.context.instance.paths, record.id) ?? [];
  return { subnets: record.subnets, members: [...members] };
}
