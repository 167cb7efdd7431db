// Whether the networks and volumes of a plan can be made, and the addresses that services ask for be given: found out
// before the first of them is made. What is found free here is chosen again, under the locks, when it is taken.

import { TcError } from '../../base/error.ts';
import { joinedNetworks } from '../../plan/joined-networks.ts';
import type { OperationOf, Plan } from '../../plan/operation.ts';
import type { ProjectModel } from '../../project/model.ts';
import { allocateLease, allocateSubnets } from '../network/ipam.ts';
import { listTaken } from '../network/leases.ts';
import { type NamedEndpoint, readNames } from '../network/names-file.ts';
import { type NetworkOptions, parseNetworkOptions } from '../network/network-options.ts';
import { configuredPools, listSubnets, listTakenSubnets } from '../network/networks.ts';
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
  const taken = findTakenSubnets(execution, plan);
  for (const { operation } of plan.nodes) {
    if (operation.kind === 'create-volume') {
      await atPath(model, ['volumes', operation.key], async () => checkVolume(operation.config));
    }
    if (operation.kind === 'create-network') {
      const { key, config } = operation;
      await atPath(model, ['networks', key], async () => {
        const options = checkNetwork(execution, operation, model);
        const all = listTakenSubnets(taken.ofHost, taken.ofNetworks, options);
        const subnets = allocateSubnets(config, '', configuredPools(), all);
        taken.ofNetworks.push(...subnets.map((entry) => entry.subnet));
        networks.set(config.name, { subnets, members: [] });
      });
    }
    if (operation.kind === 'create-container') {
      const path = ['services', operation.service.name, 'networks'];
      await atPath(model, path, async () => checkAddresses(execution, operation, networks));
    }
  }
}

/** What its driver is asked for, held against the links that there are. */
function checkNetwork(
  { context, networks, warn }: Execution,
  { key, config }: OperationOf<'create-network'>,
  model: ProjectModel | undefined,
): NetworkOptions {
  const locate = (...path: string[]) => model?.positions.at(['networks', key, ...path]);
  const options = parseNetworkOptions(config, locate);
  options.ignored.forEach(warn);
  const links = context.native.listLinks().map((link) => link.name);
  const own = [...networks.values()].find((record) => record.name === config.name)?.bridge;
  if (options.bridge !== undefined && options.bridge !== own && links.includes(options.bridge)) {
    throw new TcError(`network ${config.name}: the host has a link ${options.bridge} already`, {
      code: 'network-driver',
      hints: ['choose another name for the bridge, or leave it out'],
    });
  }
  if (options.parent !== undefined && !links.includes(options.parent.link)) {
    throw new TcError(`network ${config.name}: the host has no link ${options.parent.link}`, {
      code: 'network-driver',
      hints: [`it has ${links.join(', ')}`],
    });
  }
  return options;
}

interface TakenSubnets {
  readonly ofHost: readonly string[];
  readonly ofNetworks: string[];
}

/** Without those of networks that the plan removes: their successors may have them. */
function findTakenSubnets({ context, networks }: Execution, plan: Plan): TakenSubnets {
  const leaving = new Set(
    plan.nodes.flatMap(({ operation }) => {
      const record = operation.kind === 'remove-network' ? networks.get(operation.id) : undefined;
      return record ? listSubnets(record) : [];
    }),
  );
  const stays = (subnet: string) => !leaving.has(subnet);
  return {
    ofHost: context.native.listSubnets().filter(stays),
    ofNetworks: [...networks.values()].flatMap(listSubnets).filter(stays),
  };
}

function checkAddresses(
  execution: Execution,
  { service, networks: names, replaces }: OperationOf<'create-container'>,
  planned: Map<string, PlannedNetwork>,
): void {
  for (const [key, config] of Object.entries(joinedNetworks(service))) {
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
