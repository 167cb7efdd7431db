// One snapshot of a project, from files and /proc alone: no lock, no addon, no process. Linear in the instance's objects.

import type {
  ObservedContainer,
  ObservedNetwork,
  ObservedState,
  ObservedVolume,
} from '../../plan/observed-state.ts';
import type { ProjectModel } from '../../project/model.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { type ContainerRecord, listContainerIds, readContainerRecord } from '../record/container-record.ts';
import { listNetworkRecords, type NetworkRecord } from '../record/network-record.ts';
import { listVolumeRecords, type VolumeRecord, volumeDataPath } from '../record/volume-record.ts';
import { type ContainerStatus, readContainerStatus } from '../status/status.ts';
import { describeObserved } from './observed-container.ts';

/** The records behind a snapshot, for those who execute what was decided on it. */
export interface Snapshot {
  readonly state: ObservedState;
  /** Of the whole instance: names and networks are shared across projects. */
  readonly containers: ReadonlyMap<string, ContainerRecord>;
  readonly networks: readonly NetworkRecord[];
  readonly volumes: readonly VolumeRecord[];
  /** Of the project's containers. */
  readonly statuses: ReadonlyMap<string, ContainerStatus>;
}

export function observeInstance(paths: InstancePaths, project: string, model?: ProjectModel): Snapshot {
  const containers = readContainers(paths);
  const networks = listNetworkRecords(paths);
  const volumes = listVolumeRecords(paths);
  const own = [...containers.values()].filter((record) => record.project === project);
  const statuses = new Map(own.map((record) => [record.id, readContainerStatus(paths, record.id)]));
  const members = indexBy(containers.values(), (record) => record.endpoints.map((e) => e.networkId));
  const users = indexBy(containers.values(), (record) => record.volumes);
  const seeNetwork = (record: NetworkRecord) => describeNetwork(record, members.get(record.id) ?? []);
  const seeVolume = (record: VolumeRecord) =>
    describeVolume(record, volumeDataPath(paths, record.name), users.get(record.name) ?? []);
  return {
    containers,
    networks,
    volumes,
    statuses,
    state: {
      project,
      containers: own
        .map((record) => describeObserved(record, statuses.get(record.id) ?? { alive: false, lost: false }))
        .sort(compareContainers),
      networks: networks.filter((record) => record.project === project).map(seeNetwork),
      volumes: volumes.filter((record) => record.project === project).map(seeVolume),
      externalNetworks: pickByName(networks, externalNames(model?.networks), seeNetwork),
      externalVolumes: pickByName(volumes, externalNames(model?.volumes), seeVolume),
    },
  };
}

export function emptyState(project: string): ObservedState {
  return { project, containers: [], networks: [], volumes: [], externalNetworks: {}, externalVolumes: {} };
}

function readContainers(paths: InstancePaths): Map<string, ContainerRecord> {
  const found = new Map<string, ContainerRecord>();
  for (const id of listContainerIds(paths)) {
    const record = readContainerRecord(paths, id);
    if (record) found.set(id, record);
  }
  return found;
}

function compareContainers(a: ObservedContainer, b: ObservedContainer): number {
  if (a.service !== b.service) return a.service < b.service ? -1 : 1;
  return a.number - b.number || (a.createdAt < b.createdAt ? -1 : 1);
}

function describeNetwork(record: NetworkRecord, members: readonly string[]): ObservedNetwork {
  const { id, key, name, project, recorded, labels } = record;
  return { id, key, name, project, recorded, labels, members };
}

function describeVolume(record: VolumeRecord, path: string, usedBy: readonly string[]): ObservedVolume {
  const { id, key, name, project, recorded, labels, anonymous } = record;
  return { id, key, name, project, recorded, labels, anonymous, path, usedBy };
}

/** Key -> ids of the containers that have it. */
function indexBy(
  records: Iterable<ContainerRecord>,
  keysOf: (record: ContainerRecord) => readonly string[],
): Map<string, string[]> {
  const index = new Map<string, string[]>();
  for (const record of records) {
    for (const key of keysOf(record)) {
      const ids = index.get(key);
      if (ids) ids.push(record.id);
      else index.set(key, [record.id]);
    }
  }
  return index;
}

function externalNames(
  configs: Readonly<Record<string, { name: string; external?: boolean }>> = {},
): Set<string> {
  return new Set(
    Object.values(configs)
      .filter((config) => config.external)
      .map((config) => config.name),
  );
}

function pickByName<R extends { readonly name: string }, O>(
  records: readonly R[],
  names: ReadonlySet<string>,
  describe: (record: R) => O,
): Record<string, O> {
  return Object.fromEntries(
    records.filter((record) => names.has(record.name)).map((record) => [record.name, describe(record)]),
  );
}
