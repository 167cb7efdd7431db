// networks/<id>.json: a network's identity and subnets. Leases are in the containers' records and, as an index that a
// reboot clears, in the network's `names`.

import { readdirSync } from 'node:fs';
import { unless } from '../../base/system-error.ts';
import type { NetworkConfig } from '../../project/model.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { readJsonFile, type Versioned } from './json-file.ts';

export interface NetworkRecord extends Versioned {
  readonly v: 1;
  readonly id: string;
  readonly key: string;
  readonly name: string;
  /** Absent: made outside any project. */
  readonly project?: string;
  readonly recorded: NetworkConfig;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: string;
  /** Empty where containers have links below one of the host's. */
  readonly bridge: string;
  readonly mac: string;
  readonly mtu: number;
  readonly internal: boolean;
  readonly masquerade: boolean;
  /** Absent: they do. */
  readonly communicates?: boolean;
  readonly subnets: readonly SubnetRecord[];
}

export interface SubnetRecord {
  /** `10.1.0.0/22`. */
  readonly subnet: string;
  /** Without prefix length; the bridge has it. */
  readonly gateway: string;
  /** Part of the subnet that leases are taken from. */
  readonly range?: string;
  /** Addresses that are never leased. */
  readonly reserved: readonly string[];
  /** The user wrote the subnet: only then may a service ask for an address. */
  readonly configured: boolean;
}

export function readNetworkRecord(paths: InstancePaths, id: string): NetworkRecord | undefined {
  return readJsonFile<NetworkRecord>(paths.network(id), 1);
}

export function listNetworkRecords(paths: InstancePaths): NetworkRecord[] {
  const files = unless(['ENOENT'], () => readdirSync(paths.networks)) ?? [];
  return files
    .filter((file) => file.endsWith('.json'))
    .map((file) => readNetworkRecord(paths, file.slice(0, -'.json'.length)))
    .filter((record) => record !== undefined);
}
