// The published sockets of one execution. Each is opened once, before anything is created: that is the pre-flight.
// Replicas share the socket; those that come later get it from a living one.

import { closeSync } from 'node:fs';
import { TcError } from '../../base/error.ts';
import { errnoOf } from '../../base/system-error.ts';
import type { Descriptor, Native } from '../../runtime/native.ts';
import type { PortRecord } from '../record/container-record.ts';
import type { PortRequest } from './port-request.ts';

/** Whom a socket serves: replicas of one service share, everybody else collides. */
export interface SocketOwner {
  readonly project: string;
  readonly service: string;
}

/** Who else on this instance publishes an address, and how to get the socket from a living replica. */
export interface PublisherDirectory {
  /** The name of a running container that publishes it, whoever it is. */
  findPublisher(port: PortKey): string | undefined;
  /** The socket as a living replica holds it. */
  receiveSocket(port: PortKey, owner: SocketOwner): Promise<Descriptor | undefined>;
}

export interface PortKey {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

interface OpenSocket {
  readonly fd: Descriptor;
  readonly owner: SocketOwner;
  /** From a range or random: one container's alone. */
  readonly exclusive: boolean;
}

/** The next ports that an error looks at to offer a free one. */
const OFFER_SPAN = 100;

export class SocketPool {
  readonly #native: Native;
  readonly #directory: PublisherDirectory;
  readonly #open = new Map<string, OpenSocket>();

  constructor(native: Native, directory: PublisherDirectory) {
    this.#native = native;
    this.#directory = directory;
  }

  /**
   * Opens what a new container publishes. Ranges and random ports are its own, and if it replaces a container, that
   * one's; fixed ports it shares with replicas.
   */
  async reserve(
    owner: SocketOwner,
    requests: readonly PortRequest[],
    replaced: readonly PortRecord[] = [],
  ): Promise<PortRecord[]> {
    const records: PortRecord[] = [];
    for (const request of requests) {
      const kept = isFixed(request) ? undefined : replaced.find((port) => matches(port, request));
      const port =
        kept && (await this.#takeOver(kept, owner, request))
          ? kept.port
          : await this.#reserveOne(owner, request);
      const { target, protocol, range } = request;
      const any = range === undefined;
      records.push(...request.addresses.map((address) => ({ address, port, target, protocol, any })));
    }
    return records;
  }

  /**
   * Opens what an existing container published before, at the same addresses. Where the user asked for any port and the
   * old one is taken by now, the record that is returned has another.
   */
  async reserveAgain(owner: SocketOwner, ports: readonly PortRecord[]): Promise<PortRecord[]> {
    const moved = new Map<number, number>();
    for (const port of ports) {
      if (port.any) await this.#reopenAny(owner, port, ports, moved);
      else if (!(await this.#share(port, owner))) this.#bind(port, owner, false);
    }
    return ports.map((port) => ({
      ...port,
      port: (port.any ? moved.get(port.port) : undefined) ?? port.port,
    }));
  }

  /** The sockets of a container, in the order of its ports. They stay the pool's. */
  take(ports: readonly PortRecord[]): Descriptor[] {
    return ports.map((port) => {
      const found = this.#open.get(keyOf(port));
      if (found) return found.fd;
      throw new TcError(`port ${describe(port)} was not opened before its container starts`, {
        code: 'internal',
        kind: 'bug',
      });
    });
  }

  close(): void {
    for (const { fd } of this.#open.values()) closeSync(fd);
    this.#open.clear();
  }

  /**
   * Random ports of all families that have one number move together, unless the replica that the container takes over
   * from, or has handed over to, still has them.
   */
  async #reopenAny(
    owner: SocketOwner,
    { port, protocol }: PortRecord,
    ports: readonly PortRecord[],
    moved: Map<number, number>,
  ): Promise<void> {
    if (moved.has(port)) return;
    const keys = ports.filter((other) => other.any && other.port === port && other.protocol === protocol);
    const addresses = keys.map((key) => key.address);
    const isKept = this.#tryBindAll(keys, owner) || (await this.#shareAll(keys, owner));
    moved.set(port, isKept ? port : this.#bindAny(owner, { addresses, protocol, target: 0 }));
  }

  async #shareAll(keys: readonly PortKey[], owner: SocketOwner): Promise<boolean> {
    for (const key of keys) {
      const found = this.#open.get(keyOf(key));
      if (found && !isSameOwner(found.owner, owner)) return false;
      const fd = found ? undefined : await this.#directory.receiveSocket(key, owner);
      if (fd !== undefined) this.#open.set(keyOf(key), { fd, owner, exclusive: true });
      else if (!found) return false;
    }
    return true;
  }

  async #takeOver(kept: PortRecord, owner: SocketOwner, request: PortRequest): Promise<boolean> {
    const keys = request.addresses.map((address) => ({ ...kept, address }));
    for (const key of keys) {
      if (this.#open.has(keyOf(key))) return false;
      const fd = await this.#directory.receiveSocket(key, owner);
      if (fd !== undefined) this.#open.set(keyOf(key), { fd, owner, exclusive: true });
      else if (!this.#tryBind(key, owner, true)) return false;
    }
    return true;
  }

  async #reserveOne(owner: SocketOwner, request: PortRequest): Promise<number> {
    const { range, addresses, protocol } = request;
    if (range === undefined) return this.#bindAny(owner, request);
    const [first, last] = range;
    const isRange = last > first;
    for (let port = first; port <= last; port += 1) {
      const keys = addresses.map((address) => ({ protocol, address, port }));
      if (isRange ? this.#tryBindAll(keys, owner) : await this.#shareOrBindAll(keys, owner)) return port;
    }
    throw new TcError(`service ${owner.service}: no port of ${first}-${last}/${protocol} is free`, {
      code: 'port-in-use',
      kind: 'environment',
      hints: ['publish a larger range, or stop what uses these ports'],
    });
  }

  async #shareOrBindAll(keys: readonly PortKey[], owner: SocketOwner): Promise<boolean> {
    for (const key of keys) {
      if (!(await this.#share(key, owner))) this.#bind(key, owner, false);
    }
    return true;
  }

  /** One port that is free at every address: the kernel picks it for the first, the others must follow. */
  #bindAny(owner: SocketOwner, { addresses, protocol }: PortRequest): number {
    const [first = '0.0.0.0', ...others] = addresses;
    for (let attempt = 0; attempt < 16; attempt += 1) {
      const { socket, port } = this.#native.bindPublished({ protocol, address: first, port: 0 });
      const rest = others.map((address) => ({ protocol, address, port }));
      if (this.#tryBindAll(rest, owner)) {
        this.#open.set(keyOf({ protocol, address: first, port }), { fd: socket, owner, exclusive: true });
        return port;
      }
      closeSync(socket);
    }
    throw new TcError(`service ${owner.service}: found no port that is free at ${addresses.join(' and ')}`, {
      code: 'port-in-use',
      kind: 'environment',
    });
  }

  #tryBindAll(keys: readonly PortKey[], owner: SocketOwner): boolean {
    const bound: PortKey[] = [];
    for (const key of keys) {
      if (this.#open.has(keyOf(key)) || !this.#tryBind(key, owner, true)) {
        for (const other of bound) this.#discard(other);
        return false;
      }
      bound.push(key);
    }
    return true;
  }

  #discard(key: PortKey): void {
    const found = this.#open.get(keyOf(key));
    if (found) closeSync(found.fd);
    this.#open.delete(keyOf(key));
  }

  /** From this execution, or from a living replica. */
  async #share(key: PortKey, owner: SocketOwner): Promise<boolean> {
    const found = this.#open.get(keyOf(key));
    if (found) {
      if (!found.exclusive && isSameOwner(found.owner, owner)) return true;
      throw inUse(key, owner, `service ${found.owner.service} of this project publishes it too`);
    }
    const received = await this.#directory.receiveSocket(key, owner);
    if (received === undefined) return false;
    this.#open.set(keyOf(key), { fd: received, owner, exclusive: false });
    return true;
  }

  #bind(key: PortKey, owner: SocketOwner, exclusive: boolean): void {
    if (this.#tryBind(key, owner, exclusive)) return;
    const publisher = this.#directory.findPublisher(key);
    const holder = publisher ? `container ${publisher}` : this.#native.findPortHolder(key);
    throw inUse(key, owner, `${holder ?? 'another process'} has it`, this.#findFree(key));
  }

  #tryBind(key: PortKey, owner: SocketOwner, exclusive: boolean): boolean {
    try {
      const { socket } = this.#native.bindPublished(key);
      this.#open.set(keyOf(key), { fd: socket, owner, exclusive });
      return true;
    } catch (error) {
      if (errnoOf(error) === 'EADDRINUSE') return false;
      throw cannotBind(key, owner, error);
    }
  }

  #findFree(key: PortKey): number | undefined {
    for (let port = key.port + 1; port <= Math.min(65535, key.port + OFFER_SPAN); port += 1) {
      try {
        closeSync(this.#native.bindPublished({ ...key, port }).socket);
        return port;
      } catch {
        // Taken as well: the next one.
      }
    }
    return undefined;
  }
}

function isFixed({ range }: PortRequest): boolean {
  return range !== undefined && range[0] === range[1];
}

function matches(port: PortRecord, { range, target, protocol, addresses }: PortRequest): boolean {
  const inRange = range === undefined ? port.any : port.port >= range[0] && port.port <= range[1];
  return inRange && port.target === target && port.protocol === protocol && addresses.includes(port.address);
}

function keyOf({ protocol, address, port }: PortKey): string {
  return `${protocol}-${address}-${port}`;
}

function describe({ protocol, address, port }: PortKey): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}/${protocol}`;
}

function isSameOwner(a: SocketOwner, b: SocketOwner): boolean {
  return a.project === b.project && a.service === b.service;
}

function inUse(key: PortKey, owner: SocketOwner, why: string, free?: number): TcError {
  return new TcError(`service ${owner.service}: port ${describe(key)} is already in use: ${why}`, {
    code: 'port-in-use',
    kind: 'environment',
    hints: [free === undefined ? 'publish another port, or stop what uses this one' : `port ${free} is free`],
  });
}

function cannotBind(key: PortKey, owner: SocketOwner, cause: unknown): TcError {
  const errno = errnoOf(cause);
  const why: Record<string, string> = {
    EADDRNOTAVAIL: `${key.address} is not an address of this host`,
    EACCES: 'ports below 1024 need root or a lower net.ipv4.ip_unprivileged_port_start',
  };
  return new TcError(
    `service ${owner.service}: port ${describe(key)} cannot be opened: ${why[errno ?? ''] ?? errno}`,
    {
      code: 'port-unusable',
      kind: 'environment',
      cause,
    },
  );
}
