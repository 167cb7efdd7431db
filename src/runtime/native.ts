// The typed face of the addon, and the only file that loads it. Every function either returns or throws an Error with
// `syscall`, `errno` (a name such as EADDRINUSE) and, where it has one, `path`.

/** A descriptor number; the caller owns it and closes it with `close`. All are close-on-exec. */
export type Descriptor = number;

export interface Native {
  /** Takes flock(2). Resolves false if `wait` is false and somebody else holds it. Waiting happens off the event loop. */
  lock(fd: Descriptor, mode: 'shared' | 'exclusive', wait: boolean): Promise<boolean>;
  tryLock(fd: Descriptor, mode: 'shared' | 'exclusive'): boolean;
  unlock(fd: Descriptor): void;
  openDirectory(path: string): Descriptor;
  close(fd: Descriptor): void;
  syncFilesystem(fd: Descriptor): Promise<void>;

  /** Starts `tcrun monitor`; resolves when the container runs, rejects with the step that failed. */
  spawnMonitor(request: SpawnMonitorRequest): Promise<MonitorStarted>;

  /** Connects to a unix stream socket; paths longer than sun_path are fine. */
  connectUnix(path: string): Descriptor;
  /** Sends all of `data` with `fds` attached to its first byte. */
  sendDescriptors(socket: Descriptor, data: Uint8Array, fds: readonly Descriptor[]): void;
  /** Receives one line (up to and including "\n") and the descriptors attached to it, off the event loop. */
  receiveDescriptors(socket: Descriptor): Promise<{ line: string; fds: Descriptor[] }>;
  pipe(): { read: Descriptor; write: Descriptor };
  /** `pipe`, `socket`, `file`, `directory`, `tty`, `device`. */
  descriptorKind(fd: Descriptor): string;

  /** Binds (and listens, for TCP) without SO_REUSEPORT; `::` is v6-only. Port 0: any. */
  bindPublished(request: { protocol: 'tcp' | 'udp'; address: string; port: number }): {
    socket: Descriptor;
    port: number;
  };
  /** Who has it, if /proc tells: `pid 812 (nginx)`. */
  findPortHolder(request: { protocol: 'tcp' | 'udp'; address: string; port: number }): string | undefined;

  /** All IPv4/IPv6 subnets of the host's addresses and routes, as CIDR. */
  listSubnets(): readonly string[];
  createBridge(request: BridgeRequest): void;
  listLinks(): readonly { name: string; index: number; kind: string; up: boolean }[];
  removeLink(name: string): void;

  /** One atomic nf_tables batch. `ensure-*` steps succeed if the object exists. */
  updateFirewall(table: string, steps: readonly FirewallStep[]): void;

  /** Creates or grows `states` and sets nothing. */
  createStates(path: string, slots: number): void;
  readStates(path: string): Uint8Array;

  /** Opens `path` below `root` with RESOLVE_IN_ROOT and reads at most `limit` bytes; undefined if it is not a regular file. */
  readInRoot(root: string, path: string, limit: number): Uint8Array | undefined;
  /** Sends `signal` (number) to a process identified by pid and start time; false if it is gone. */
  signalProcess(pid: number, startTime: number, signal: number): boolean;
  /** Kills every process below the cgroup and waits until it is empty. */
  killCgroup(procs: string, unified: string | undefined, freezer: string | undefined): Promise<void>;
  effectiveCapabilities(): readonly string[];
}

export interface SpawnMonitorRequest {
  readonly executable: string;
  readonly bundle: string;
  /** Locked by the caller; the monitor inherits the lock. The caller closes its own copy afterwards. */
  readonly lock: Descriptor;
  /** Published sockets, in the order of monitor.json's `network.ports`. */
  readonly sockets: readonly Descriptor[];
  /** Network namespace to take over instead of making one. */
  readonly networkNamespace?: Descriptor;
}

export interface MonitorStarted {
  readonly monitorPid: number;
  readonly pid: number;
}

/** What a failed start rejects with, beside `message`. */
export interface StartFailure {
  readonly step: string;
  readonly syscall: string;
  readonly errno: string;
  readonly path: string;
  /** 125, 126 or 127 as docker run. */
  readonly exitCode: number;
}

export interface BridgeRequest {
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
  /** `10.1.0.1/22`. */
  readonly addresses: readonly string[];
}

export type FirewallStep =
  | { readonly step: 'ensure-table'; readonly forwardDrop: boolean }
  | {
      readonly step: 'add-network';
      readonly bridge: string;
      readonly subnets: readonly string[];
      readonly internal: boolean;
      readonly masquerade: boolean;
    }
  | { readonly step: 'remove-network'; readonly bridge: string; readonly subnets: readonly string[] }
  | {
      readonly step: 'set-group';
      readonly protocol: 'tcp' | 'udp';
      readonly address: string;
      readonly port: number;
      readonly slots: readonly { readonly address: string; readonly port: number }[];
    }
  | {
      readonly step: 'remove-group';
      readonly protocol: 'tcp' | 'udp';
      readonly address: string;
      readonly port: number;
    }
  | { readonly step: 'remove-table' };
