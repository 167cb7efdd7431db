// Leases: which container has which slot and addresses of a network. The containers' records are the truth; a network's
// `names` file is their index, made again from the records when a reboot took it.

import type { Native } from '../../runtime/native.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { withDirectoryLock } from '../lock/file-lock.ts';
import { type EndpointRecord, listContainerIds, readContainerRecord } from '../record/container-record.ts';
import type { NetworkRecord } from '../record/network-record.ts';
import { allocateLease, type TakenLeases } from './ipam.ts';
import { type NamedEndpoint, readNames, writeNames } from './names-file.ts';

export interface LeaseOrder {
  readonly key: string;
  readonly network: NetworkRecord;
  readonly containerId: string;
  readonly mac: string;
  readonly names: readonly string[];
  readonly ipv4?: string;
  readonly ipv6?: string;
  /** Id of the container that it replaces, and whose fixed addresses it gets. */
  readonly replaces?: string;
}

export function lease(native: Native, paths: InstancePaths, order: LeaseOrder): Promise<EndpointRecord> {
  const { network, containerId, names } = order;
  return withNetworkLock(native, paths, network.id, () => {
    const present = readNames(paths, network.id) ?? restoreLeases(paths, network.id);
    const chosen = allocateLease({
      network: network.name,
      subnets: network.subnets,
      taken: collectTaken(present),
      ...(order.ipv4 === undefined ? {} : { ipv4: order.ipv4 }),
      ...(order.ipv6 === undefined ? {} : { ipv6: order.ipv6 }),
    });
    writeNames(paths, network.id, [...present, { ...chosen, containerId, names }]);
    return { key: order.key, networkId: network.id, network: network.name, mac: order.mac, names, ...chosen };
  });
}

export function listTaken(present: readonly NamedEndpoint[], replaces: string | undefined): TakenLeases {
  const ofPredecessor = present.filter((endpoint) => endpoint.containerId === replaces);
  return { ...collectTaken(present), inherited: collectTaken(ofPredecessor).addresses };
}

/** Of all members of the network, for each that joins it. */
function collectTaken(endpoints: readonly NamedEndpoint[]): TakenLeases {
  const slots = new Set<number>();
  const addresses = new Set<string>();
  for (const { slot, ipv4, ipv6 } of endpoints) {
    slots.add(slot);
    if (ipv4 !== undefined) addresses.add(ipv4);
    if (ipv6 !== undefined) addresses.add(ipv6);
  }
  return { slots, addresses };
}

export function release(
  native: Native,
  paths: InstancePaths,
  networkId: string,
  containerIds: ReadonlySet<string>,
): Promise<void> {
  return withNetworkLock(native, paths, networkId, () => {
    const present = readNames(paths, networkId);
    const left = present?.filter((endpoint) => !containerIds.has(endpoint.containerId));
    if (present && left && left.length < present.length) writeNames(paths, networkId, left);
  });
}

/** Writes `names` from the records of the containers that hold a lease, if it is missing. */
export function restoreLeases(paths: InstancePaths, networkId: string): readonly NamedEndpoint[] {
  const present = readNames(paths, networkId);
  if (present) return present;
  const endpoints = listContainerIds(paths).flatMap((id) =>
    (readContainerRecord(paths, id)?.endpoints ?? [])
      .filter((endpoint) => endpoint.networkId === networkId)
      .map((endpoint) => ({ ...endpoint, containerId: id })),
  );
  writeNames(paths, networkId, endpoints);
  return endpoints;
}

/** The lock is the network's run directory itself, so that it goes with the network. */
function withNetworkLock<T>(
  native: Native,
  paths: InstancePaths,
  networkId: string,
  action: () => T,
): Promise<Awaited<T>> {
  return withDirectoryLock(native, paths.networkRun(networkId), action);
}
