// container.json: what a container is. Written once, durably, before anything else of the container exists; what it
// does at the moment is in its status. Whether it is finished is told by monitor.json, which is written last.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isId } from '../../base/id.ts';
import { unless } from '../../base/system-error.ts';
import type { RecordedService, ServiceInputs } from '../../plan/observed-state.ts';
import type { IdRange } from '../../runtime/container-input.ts';
import type { RecordedSecret } from '../container/file-objects.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { readJsonFile, type Versioned, writeNewJsonFile } from './json-file.ts';

export interface ContainerRecord extends Versioned {
  readonly v: 1;
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly service: string;
  readonly number: number;
  readonly oneOff: boolean;
  /** Nothing of it outlives its process; absent: it stays until somebody removes it. */
  readonly onEnd?: 'remove';
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly recorded: RecordedService;
  readonly inputs: ServiceInputs;
  readonly labels: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly endpoints: readonly EndpointRecord[];
  readonly ports: readonly PortRecord[];
  /** `3306/tcp`: those that image and service name, published or not. */
  readonly exposed?: readonly string[];
  readonly mounts: readonly RecordedMount[];
  /** Target in the container -> name of the volume made for it alone. */
  readonly anonymousVolumes: Readonly<Record<string, string>>;
  /** Names of the volumes that it mounts, anonymous ones included. */
  readonly volumes: readonly string[];
  /** Files that are handed to the monitor in memory at each start, in the order of its `secrets`. */
  readonly secrets?: readonly RecordedSecret[];
  /** Ids of the host that its own are in a user namespace; absent: it has none. */
  readonly idRange?: IdRange;
  /** Another runtime than tcrun, which makes it at each start. */
  readonly runtime?: RecordedRuntime;
  readonly replaces?: string;
  /** The container whose network namespace it shares, be it by way of others. */
  readonly networkOf?: string;
}

export interface RecordedRuntime {
  readonly name: string;
  readonly path: string;
  /** Nobody but itself gets into its containers. */
  readonly isOpaque: boolean;
}

export interface RecordedMount {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly readOnly?: boolean;
  readonly propagation?: string;
  readonly recursive?: boolean;
  readonly writableBelow?: boolean;
  readonly subpath?: string;
  /** A config or a secret. */
  readonly fileObject?: boolean;
}

/** A lease: what the container keeps from a network until it is removed. */
export interface EndpointRecord {
  readonly key: string;
  readonly networkId: string;
  readonly network: string;
  readonly slot: number;
  readonly mac: string;
  /** Without prefix length. */
  readonly ipv4?: string;
  readonly ipv6?: string;
  /** Lower case; the first answers reverse look-ups. */
  readonly names: readonly string[];
}

export interface PortRecord {
  readonly address: string;
  readonly port: number;
  readonly target: number;
  readonly protocol: 'tcp' | 'udp';
  /** The user asked for any port: another may be taken when this one is not free at the next start. */
  readonly any: boolean;
}

export function containerRecordPath(paths: InstancePaths, id: string): string {
  return join(paths.container(id), 'container.json');
}

/** Undefined: no such container, or one whose creation was cut off before it had a record. */
export function readContainerRecord(paths: InstancePaths, id: string): ContainerRecord | undefined {
  return readJsonFile<ContainerRecord>(containerRecordPath(paths, id), 1);
}

/** Into the directory of a container that is being made. */
export function writeContainerRecord(directory: string, record: ContainerRecord): Promise<void> {
  return writeNewJsonFile(join(directory, 'container.json'), record);
}

export function listContainerIds(paths: InstancePaths): string[] {
  return (unless(['ENOENT'], () => readdirSync(paths.containers)) ?? []).filter(isId);
}
