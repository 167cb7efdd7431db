// What the executors of one plan share: records as they stand, what was prepared before the first effect, and what has
// been made so far.

import { closeSync } from 'node:fs';
import { bug, TcError } from '../../base/error.ts';
import type { Warning } from '../../base/warning.ts';
import type { ContainerRef, NodeId, Operation } from '../../plan/operation.ts';
import type { FileObjectConfig } from '../../project/model.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import type { HostFacts } from '../../runtime/container-input.ts';
import type { Descriptor } from '../../runtime/native.ts';
import type { ProjectIdentity } from '../container/labels.ts';
import { movePorts } from '../container/move-ports.ts';
import type { EngineContext } from '../context.ts';
import type { Withdrawal } from '../control/monitor.ts';
import type { EventLog } from '../event/event-log.ts';
import type { Removed } from '../image/image-port.ts';
import { ensureNetworks } from '../network/networks.ts';
import type { Snapshot } from '../observe/observe.ts';
import type { SocketPool } from '../port/socket-pool.ts';
import type { AttachRequest, AttachSession } from '../ports.ts';
import type { ContainerRecord, PortRecord } from '../record/container-record.ts';
import type { NetworkRecord } from '../record/network-record.ts';
import type { VolumeRecord } from '../record/volume-record.ts';
import type { PreparedContainer } from './prepare.ts';

export interface ExecutionParts {
  readonly context: EngineContext;
  readonly project: ProjectIdentity;
  readonly snapshot: Snapshot;
  /** Of the whole instance; kept up to date, here and for whoever else holds it. */
  readonly containers: Map<string, ContainerRecord>;
  /** Read once, on first use: `down` needs none of it. */
  host(): HostFacts;
  readonly sockets: SocketPool;
  readonly events: EventLog;
  /** Unless a container uses it. */
  removeImage(reference: string): Promise<Removed>;
  /** Of the model. */
  readonly services: Readonly<Record<string, ServiceConfig>>;
  /** Of the model, by key: their contents may come from its environment. */
  readonly secrets: Readonly<Record<string, FileObjectConfig>>;
  warn(warning: Warning): void;
  /** What the caller wants of the container that is started attached. */
  readonly attach?: AttachRequest;
}

export class Execution {
  readonly context: EngineContext;
  readonly project: ProjectIdentity;
  readonly host: () => HostFacts;
  readonly sockets: SocketPool;
  readonly events: EventLog;
  readonly removeImage: (reference: string) => Promise<Removed>;
  readonly services: Readonly<Record<string, ServiceConfig>>;
  readonly secrets: Readonly<Record<string, FileObjectConfig>>;
  /** Service -> variables that its provider has set. */
  readonly provided = new Map<string, Readonly<Record<string, string>>>();
  readonly warn: (warning: Warning) => void;
  readonly attach: AttachRequest | undefined;
  /** With the container that was started attached. */
  session: AttachSession | undefined;
  readonly created = new Map<NodeId, string>();
  readonly prepared = new Map<NodeId, PreparedContainer>();
  readonly containers: Map<string, ContainerRecord>;
  readonly networks: Map<string, NetworkRecord>;
  readonly volumes: Map<string, VolumeRecord>;
  /** What this plan has removed: a successor may be made only after its predecessor is gone, and takes over from it. */
  readonly removed = new Map<string, ContainerRecord>();
  /** Containers that cannot be started, and why: with `keepGoing` the others can. */
  readonly unready = new Map<string, unknown>();
  /** Containers that this plan has started. */
  readonly started = new Set<string>();
  /** Service -> its containers that failed while their update was watched. */
  readonly failing = new Map<string, Set<string>>();
  /** Locks of containers that were created and not started yet. */
  readonly #locks = new Map<string, Descriptor>();
  /** Containers that get other ports at their next start. */
  readonly #moved = new Map<string, readonly PortRecord[]>();
  /** Containers that get no connections as long as these are open. */
  readonly #withdrawals = new Map<string, Withdrawal>();
  /** Networks whose kernel objects are known to be there. */
  readonly #ensured = new Set<string>();

  constructor(parts: ExecutionParts) {
    this.context = parts.context;
    this.project = parts.project;
    this.host = parts.host;
    this.sockets = parts.sockets;
    this.events = parts.events;
    this.removeImage = parts.removeImage;
    this.services = parts.services;
    this.secrets = parts.secrets;
    this.warn = parts.warn;
    this.attach = parts.attach;
    this.containers = parts.containers;
    this.networks = new Map(parts.snapshot.networks.map((record) => [record.id, record]));
    this.volumes = new Map(parts.snapshot.volumes.map((record) => [record.name, record]));
  }

  /** The container that a step is about; one that this plan created is known by its node. */
  resolve(ref: ContainerRef): ContainerRecord {
    const id = 'id' in ref ? ref.id : this.created.get(ref.node);
    const record = id === undefined ? undefined : this.containers.get(id);
    if (record) return record;
    if (id === undefined) throw bug(`step ${'node' in ref ? ref.node : '?'} has not created ${ref.name}`);
    throw new TcError(`container ${ref.name} is gone`, { code: 'container-gone' });
  }

  runDir({ id }: ContainerRecord): string {
    return this.context.instance.paths.containerRun(id);
  }

  /** False: an earlier step of the plan is still to create it. */
  isMade(ref: ContainerRef): boolean {
    return 'id' in ref || this.created.has(ref.node);
  }

  /** Seen to fail by a step of this plan. */
  isFailing(ref: ContainerRef): boolean {
    const { id, service } = this.resolve(ref);
    return this.failing.get(service)?.has(id) ?? false;
  }

  findNetwork(name: string): NetworkRecord {
    const known = [...this.networks.values()].filter((record) => record.name === name);
    const found = known.find((record) => record.project === this.project.name) ?? known[0];
    if (found) return found;
    throw new TcError(`network ${name} does not exist`, { code: 'network-missing' });
  }

  findVolume(name: string): VolumeRecord {
    const found = this.volumes.get(name);
    if (found) return found;
    throw new TcError(`volume ${name} does not exist`, { code: 'volume-missing' });
  }

  /** After others had the project. What this plan created is in the snapshot too. */
  refresh(snapshot: Snapshot): void {
    replace(this.containers, snapshot.containers);
    replace(this.networks, new Map(snapshot.networks.map((record) => [record.id, record])));
    replace(this.volumes, new Map(snapshot.volumes.map((record) => [record.name, record])));
    this.#ensured.clear();
  }

  addNetwork(record: NetworkRecord): void {
    this.networks.set(record.id, record);
    this.#ensured.add(record.id);
  }

  /** After a reboot a network is but a record: its bridge is made again before a container joins it. */
  ensureNetworks({ endpoints }: ContainerRecord): void {
    const unsure = endpoints
      .filter(({ networkId }) => !this.#ensured.has(networkId))
      .map(({ networkId }) => this.networks.get(networkId))
      .filter((record) => record !== undefined);
    ensureNetworks(this.context, unsure);
    for (const record of unsure) this.#ensured.add(record.id);
  }

  /** Opens the sockets of a container that exists. */
  async reservePorts(record: ContainerRecord): Promise<void> {
    const ports = await this.sockets.reserveAgain(record, record.ports);
    if (ports.some(({ port }, index) => port !== record.ports[index]?.port))
      this.#moved.set(record.id, ports);
  }

  /** The container as it is to be started: with other ports, if its own were not free. The caller holds its lock. */
  async settlePorts(record: ContainerRecord): Promise<ContainerRecord> {
    const ports = this.#moved.get(record.id);
    if (ports === undefined) return record;
    const moved = await movePorts(this.context.instance.paths, record, ports);
    this.#moved.delete(record.id);
    this.containers.set(record.id, moved);
    return moved;
  }

  keepLock(id: string, lock: Descriptor): void {
    this.#locks.set(id, lock);
  }

  /** The lock taken at birth, if it is still held; from then on the caller's to close. */
  takeLock(id: string): Descriptor | undefined {
    const lock = this.#locks.get(id);
    this.#locks.delete(id);
    return lock;
  }

  keepWithdrawal(id: string, withdrawal: Withdrawal): void {
    this.#withdrawals.set(id, withdrawal);
  }

  /** What was not stopped serves again. */
  endWithdrawals(): void {
    for (const withdrawal of this.#withdrawals.values()) withdrawal.end();
    this.#withdrawals.clear();
  }

  /** Before others are let at the project: locks and sockets must not be kept from them by a command that only waits. */
  letGo(): void {
    for (const lock of this.#locks.values()) closeSync(lock);
    this.#locks.clear();
    this.sockets.close();
  }
}

function replace<K, V>(map: Map<K, V>, by: ReadonlyMap<K, V>): void {
  map.clear();
  for (const [key, value] of by) map.set(key, value);
}

/** One executor per kind of operation: leaving one out does not compile. */
export type Executors = {
  readonly [K in Operation['kind']]: (
    operation: Extract<Operation, { readonly kind: K }>,
    step: Step,
  ) => Promise<void>;
};

export interface Step {
  readonly node: NodeId;
  readonly execution: Execution;
  readonly signal: AbortSignal;
  /** How it goes, while it goes. */
  tell(detail: string): void;
}
