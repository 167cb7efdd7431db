// Networks as kernel objects: a bridge, its element in the firewall, and the run files that monitors share.
// A record outlives a reboot, the kernel objects do not: they are made again from it when a container needs them.

import { chmodSync, existsSync, mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { createId } from '../../base/id.ts';
import { sha256 } from '../../base/sha256.ts';
import { unless } from '../../base/system-error.ts';
import type { NetworkConfig } from '../../project/model.ts';
import type { FirewallStep, Native } from '../../runtime/native.ts';
import type { EngineContext } from '../context.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { withDirectoryLock } from '../lock/file-lock.ts';
import { removeFile, writeJsonFile } from '../record/json-file.ts';
import { listNetworkRecords, type NetworkRecord } from '../record/network-record.ts';
import { parseSubnet } from './cidr.ts';
import { type AddressPool, allocateSubnets, DEFAULT_POOLS, parsePools } from './ipam.ts';
import { restoreLeases } from './leases.ts';
import { statesPath } from './names-file.ts';
import { type NetworkOptions, parseNetworkOptions } from './network-options.ts';

/** Slots of an IPv6-only network: more than a bridge carries. */
const MAX_SLOTS = 4096;

export interface NewNetwork {
  readonly key: string;
  readonly project?: string;
  readonly config: NetworkConfig;
  readonly labels: Readonly<Record<string, string>>;
}

/** Chooses subnets that nothing on the host uses, records the network, then makes it. */
export async function createNetwork(context: EngineContext, network: NewNetwork): Promise<NetworkRecord> {
  const { instance, native } = context;
  const record = await withDirectoryLock(native, instance.hostRunDir, async () => {
    const planned = describeNetwork(context, network);
    await writeJsonFile(instance.paths.network(planned.id), planned);
    // Under the host's lock: only the bridge's route makes the choice visible to other instances.
    if (planned.bridge !== '') createBridge(native, planned);
    return planned;
  });
  startNetwork(context, record);
  return record;
}

function describeNetwork(context: EngineContext, network: NewNetwork): NetworkRecord {
  const { instance, native } = context;
  const { config } = network;
  const known = listNetworkRecords(instance.paths);
  const id = createNetworkId(context, known);
  const options = parseNetworkOptions(config);
  const subnets = listTakenSubnets(native.listSubnets(), known.flatMap(listSubnets), options);
  return {
    v: 1,
    id,
    key: network.key,
    name: config.name,
    ...(network.project === undefined ? {} : { project: network.project }),
    recorded: config,
    labels: network.labels,
    createdAt: new Date().toISOString(),
    bridge: options.parent ? '' : (options.bridge ?? instance.names.bridge(id)),
    mac: deriveMac(id),
    mtu: options.mtu,
    internal: config.internal === true,
    masquerade: options.masquerade,
    ...(options.communicates ? {} : { communicates: false }),
    subnets: allocateSubnets(config, id, configuredPools(), subnets),
  };
}

/** The subnet of a link that containers stand on is theirs too: only other networks of ours must not have it. */
export function listTakenSubnets(
  ofHost: readonly string[],
  ofNetworks: readonly string[],
  { parent }: NetworkOptions,
): string[] {
  return parent === undefined ? [...ofHost, ...ofNetworks] : [...ofNetworks];
}

export function listSubnets({ subnets }: NetworkRecord): string[] {
  return subnets.map((entry) => entry.subnet);
}

export function configuredPools(): readonly AddressPool[] {
  const text = process.env['TCOMPOSE_ADDRESS_POOLS'];
  return text ? parsePools(text) : DEFAULT_POOLS;
}

/** Bridge names hold only some digits of the id: an id whose bridge would meet another's is not used. */
function createNetworkId(context: EngineContext, known: readonly NetworkRecord[]): string {
  const names = new Set([
    ...known.map((record) => record.bridge),
    ...context.native.listLinks().map((link) => link.name),
  ]);
  for (;;) {
    const id = createId();
    if (!names.has(context.instance.names.bridge(id))) return id;
  }
}

/** Makes what the kernel and the run directory lack of these networks. One dump of the links serves all of them. */
export function ensureNetworks(context: EngineContext, records: readonly NetworkRecord[]): void {
  if (records.length === 0) return;
  const links = new Set(context.native.listLinks().map((link) => link.name));
  for (const record of records) {
    const hasBridge = record.bridge === '' || links.has(record.bridge);
    if (hasBridge && existsSync(statesPath(context.instance.paths, record.id))) continue;
    if (!hasBridge) createBridge(context.native, record);
    startNetwork(context, record);
  }
}

function createBridge(native: Native, record: NetworkRecord): void {
  native.createBridge({
    name: record.bridge,
    mac: record.mac,
    mtu: record.mtu,
    addresses: record.subnets.map(({ subnet, gateway }) => `${gateway}/${subnet.split('/')[1]}`),
  });
}

/** `states` comes last: where it is, all of it was done. */
function startNetwork(context: EngineContext, record: NetworkRecord): void {
  const { instance, native } = context;
  makeNetworkRun(instance.paths, record.id);
  restoreLeases(instance.paths, record.id);
  if (record.bridge !== '') admitNetwork(context, record);
  native.createStates(statesPath(instance.paths, record.id), slotCount(record));
}

function admitNetwork({ instance, native }: EngineContext, record: NetworkRecord): void {
  const { bridge, internal, masquerade, communicates = true } = record;
  native.updateFirewall(instance.names.table, [
    // Turning ip_forward on makes the host a router: then what is not ours stays dropped.
    { step: 'ensure-table', forwardDrop: true },
    { step: 'add-network', bridge, subnets: listSubnets(record), internal, masquerade, communicates },
  ]);
}

/** Network children look at `names` in it, each under a user of its own. */
function makeNetworkRun(paths: InstancePaths, id: string): void {
  const directory = paths.networkRun(id);
  mkdirSync(dirname(directory), { recursive: true, mode: 0o700 });
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o711);
}

function slotCount(record: NetworkRecord): number {
  const hosts = record.subnets.map(({ subnet }) => {
    const parsed = parseSubnet(subnet);
    return parsed?.version === 4 ? 2 ** (32 - parsed.prefix) : MAX_SLOTS;
  });
  return Math.min(MAX_SLOTS, Math.max(...hosts, 1));
}

/** Removes a network without members. The last one of the instance takes the firewall table with it. */
export async function removeNetwork(context: EngineContext, record: NetworkRecord): Promise<void> {
  const { instance, native } = context;
  await withDirectoryLock(native, instance.hostRunDir, () => {
    const others = listNetworkRecords(instance.paths).filter((other) => other.id !== record.id);
    removeNetworkObjects(context, record, others.length === 0);
    removeFile(instance.paths.network(record.id));
    // Whoever waits for the lock makes the directory again; the default instance's has other things in it.
    unless(['ENOENT', 'ENOTEMPTY', 'EEXIST', 'EBUSY'], () => rmdirSync(instance.hostRunDir));
  });
}

function removeNetworkObjects(context: EngineContext, record: NetworkRecord, isLast: boolean): void {
  const { instance, native } = context;
  const subnets = listSubnets(record);
  const ofBridge: FirewallStep[] = [{ step: 'remove-network', bridge: record.bridge, subnets }];
  const steps: FirewallStep[] = isLast ? [{ step: 'remove-table' }] : record.bridge === '' ? [] : ofBridge;
  // The bridge first: forwarding is turned off again with the last table, if no bridge is left.
  if (native.listLinks().some((link) => link.name === record.bridge)) native.removeLink(record.bridge);
  if (steps.length > 0) native.updateFirewall(instance.names.table, steps);
  rmSync(instance.paths.networkRun(record.id), { recursive: true, force: true });
}

/** Locally administered and the same at every start, so that neighbours' ARP tables stay right. */
export function deriveMac(seed: string): string {
  const digest = Buffer.from(sha256(seed), 'hex');
  return ['02', ...[...digest.subarray(0, 5)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
