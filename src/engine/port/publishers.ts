// Who publishes a port on this instance, and the sockets that living monitors hand over.

import { closeSync } from 'node:fs';
import type { Descriptor } from '../../runtime/native.ts';
import type { EngineContext } from '../context.ts';
import { receiveFromMonitor } from '../control/hand-over.ts';
import type { ContainerRecord, PortRecord } from '../record/container-record.ts';
import { readContainerStatus } from '../status/status.ts';
import type { PortKey, PublisherDirectory, SocketOwner } from './socket-pool.ts';

export interface PublisherSource {
  readonly context: EngineContext;
  readonly containers: ReadonlyMap<string, ContainerRecord>;
  /** Containers that the plan stops: whoever comes after them may have their sockets. */
  readonly leaving: ReadonlySet<string>;
}

export class Publishers implements PublisherDirectory {
  readonly #source: PublisherSource;
  /** What monitors sent along with a socket that was asked for. */
  readonly #received = new Map<string, Descriptor>();

  constructor(source: PublisherSource) {
    this.#source = source;
  }

  findPublisher(key: PortKey): string | undefined {
    return this.#findAlive(key, () => true)?.name;
  }

  async receiveSocket(key: PortKey, owner: SocketOwner): Promise<Descriptor | undefined> {
    const giver = this.#findAlive(
      key,
      (record) =>
        this.#source.leaving.has(record.id) ||
        (record.project === owner.project && record.service === owner.service && !record.oneOff),
    );
    if (giver === undefined) return undefined;
    const identity = (port: PortKey) => `${giver.id} ${port.protocol} ${port.address} ${port.port}`;
    if (!this.#received.has(identity(key))) {
      const sockets = await receiveFromMonitor(this.#source.context, giver.id, 'sockets');
      for (const [index, socket] of sockets.entries()) {
        const port = giver.ports[index];
        if (port) this.#received.set(identity(port), socket);
        else closeSync(socket);
      }
    }
    const socket = this.#received.get(identity(key));
    this.#received.delete(identity(key));
    return socket;
  }

  close(): void {
    for (const socket of this.#received.values()) closeSync(socket);
    this.#received.clear();
  }

  #findAlive(key: PortKey, accept: (record: ContainerRecord) => boolean): ContainerRecord | undefined {
    const publishes = (port: PortRecord) =>
      port.protocol === key.protocol && port.address === key.address && port.port === key.port;
    const { paths } = this.#source.context.instance;
    for (const record of this.#source.containers.values()) {
      if (!record.ports.some(publishes) || !accept(record)) continue;
      if (readContainerStatus(paths, record.id).alive) return record;
    }
    return undefined;
  }
}
