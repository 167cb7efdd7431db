// The typed face of the addon, and the only file that loads it. Every function either returns or throws an Error with
// `syscall`, `errno` (a name such as EADDRINUSE; also as `code`) and, where it has one, `path`.

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TcError } from '../base/error.ts';
import type { Hashes } from '../base/sha256.ts';
import { formatCapabilityMask } from './capabilities.ts';
import { parseStartAnswer } from './start-answer.ts';

/** A descriptor number; the caller owns it and closes it with `close`. All are close-on-exec. */
export type Descriptor = number;

export interface Native {
  /** Takes flock(2). Resolves false if `wait` is false and somebody else holds it. Waiting happens off the event loop. */
  lock(fd: Descriptor, mode: 'shared' | 'exclusive', wait: boolean): Promise<boolean>;
  tryLock(fd: Descriptor, mode: 'shared' | 'exclusive'): boolean;
  unlock(fd: Descriptor): void;
  openDirectory(path: string): Descriptor;
  /** Ends a `receiveDescriptors` that waits on it with ECANCELED. */
  close(fd: Descriptor): void;
  syncFilesystem(fd: Descriptor): Promise<void>;

  /** Starts `tcrun monitor`; resolves when the container runs, rejects with the step that failed. */
  spawnMonitor(request: SpawnMonitorRequest): Promise<MonitorStarted>;

  /** Connects to a unix stream socket; paths longer than sun_path are fine. */
  connectUnix(path: string): Descriptor;
  /** Sends all of `data` with `fds` attached to its first byte. */
  sendDescriptors(socket: Descriptor, data: Uint8Array, fds: readonly Descriptor[]): void;
  /**
   * Receives one line (up to and including "\n", at most 1 MiB) and the descriptors attached to it, off the event
   * loop; not a byte more. An empty line is the end of the connection. One reader per socket.
   */
  receiveDescriptors(socket: Descriptor): Promise<{ line: string; fds: Descriptor[] }>;
  pipe(): { read: Descriptor; write: Descriptor };
  /** Two ends of a unix stream socket. */
  socketPair(): [Descriptor, Descriptor];
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

  /** Opens `path` below `root` with RESOLVE_IN_ROOT and reads at most `limit` bytes; undefined if there is no such regular file. */
  readInRoot(root: string, path: string, limit: number): Uint8Array | undefined;
  /** Sends `signal` (number) to a process identified by pid and start time; false if it is gone. */
  signalProcess(pid: number, startTime: number, signal: number): boolean;
  /**
   * Kills every process below the cgroup directory `procs` and waits until it is empty, ten seconds at most (EBUSY).
   * Frozen ones too; a directory that is gone counts as empty.
   */
  killCgroup(procs: string, unified: string | undefined, freezer: string | undefined): Promise<void>;
  effectiveCapabilities(): readonly string[];

  /** mount(2), off the event loop. */
  mount(request: MountRequest): Promise<void>;
  /** Takes off what is mounted on `path`, if anything is; who uses it keeps it until the end. */
  unmount(path: string): Promise<void>;
  isMountPoint(path: string): boolean;
  /** A sealed file that exists in memory only. */
  createMemory(content: Uint8Array): Descriptor;

  /** Starts a role that works on archives; runtime/tcrun/archive.h says what each does. */
  spawnArchiver(request: SpawnArchiverRequest): Archiver;
  /** Removes `name` below `parent` with all that is in it, off the event loop; follows no symlink. */
  removeTree(parent: Descriptor, name: string): Promise<void>;

  /**
   * Layers as one read-only tree, topmost first, two at least: reached as `/proc/self/fd/<descriptor>`, mounted nowhere,
   * gone when it is closed.
   */
  mountLayers(layers: readonly string[]): Descriptor;
  /** `security.capability` and `user.*` of what is at `path`, which is not followed. */
  readXattrs(path: string): readonly { readonly name: string; readonly value: Uint8Array }[];
}

export interface SpawnArchiverRequest {
  readonly executable: string;
  readonly role: 'untar' | 'settle' | 'tar' | 'copy-look' | 'copy-out' | 'copy-in' | 'copy-remove';
  readonly arguments: readonly string[];
  readonly directory: Descriptor;
  /** A locked file, or a connection that a monitor waits for: kept until the role has ended, even if this process is killed. */
  readonly lock?: Descriptor;
  /** The user namespace that a role with a root of kind `remapped` works in. */
  readonly userNamespace?: Descriptor;
  /** An open file to take as standard input; without it there is a pipe. */
  readonly input?: Descriptor;
}

export interface Archiver {
  readonly pid: number;
  /** Our end of the pipe, unless `input` was given: to write to, or for `tar` to read from. The caller owns it. */
  readonly archive?: Descriptor;
  /** `text` is the answer; empty if `signal` (a number, else 0) ended the role. */
  readonly ended: Promise<{ readonly text: Uint8Array; readonly signal: number }>;
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
  /** A connection of the control socket, made before the monitor: what was asked on it is done before the start. */
  readonly client?: Descriptor;
  /** Contents of monitor.json's `secrets`: each after its length, eight bytes little-endian. */
  readonly secrets?: Descriptor;
  /** The reading end of a pipe: when the other end is closed, by whatever death, the container is killed. */
  readonly lifeline?: Descriptor;
}

export interface MountRequest {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  /** MS_* */
  readonly flags: number;
  readonly data: string;
}

export interface MonitorStarted {
  readonly monitorPid: number;
  readonly pid: number;
  /** What the monitor could do without: a limit that the host refuses, a port that only the relay serves. */
  readonly warnings: readonly string[];
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
      /** The bridge may send back what came from it. */
      readonly communicates: boolean;
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

/** What the addon itself exports, where that differs from the face above. */
type Addon = Omit<Native, 'spawnMonitor' | 'effectiveCapabilities'> & {
  /** The monitor's packet; empty if it ended without one. */
  spawnMonitor(request: SpawnMonitorRequest): Promise<string>;
  effectiveCapabilities(): bigint;
} & Partial<Hashes>;

let addon: Addon | undefined;
let native: Native | undefined;

function loadAddon(): Addon {
  addon ??= load(join(nativeDirectory(), 'tcompose.node'));
  return addon;
}

/** Loads the addon on first use. */
export function loadNative(): Native {
  native ??= wrap(loadAddon());
  return native;
}

/** The addon's, if it can be loaded and Node's OpenSSL can be reached. */
export function findHashes(): Hashes | undefined {
  try {
    const { sha256, hmacSha256 } = loadAddon();
    return sha256 && hmacSha256 && { sha256, hmacSha256 };
  } catch {
    // Whoever cannot do without the addon tells why it does not load.
    return undefined;
  }
}

/** Absolute path of the executable whose roles are monitor, exec, untar, ... */
export function tcrunPath(): string {
  return join(nativeDirectory(), 'tcrun');
}

/**
 * `runtime/build` of the package: this file lies in `src/runtime/`, or in the bundle in `dist/`. No other place is tried: what
 * lies beside the package may belong to somebody else.
 */
function nativeDirectory(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const directory = join(here, basename(here) === 'dist' ? '..' : '../..', 'runtime/build');
  if (existsSync(directory)) return directory;
  throw new TcError('the native runtime is not built', {
    code: 'native-not-built',
    kind: 'environment',
    hints: ['run `npm run build:native` in the directory of tcompose; it needs make and g++'],
  });
}

function load(path: string): Addon {
  const module = { exports: {} };
  try {
    process.dlopen(module, path);
  } catch (cause) {
    throw new TcError(`the native runtime does not load: ${cause instanceof Error ? cause.message : cause}`, {
      code: 'native-not-built',
      kind: 'environment',
      hints: ['run `npm run build:native` in the directory of tcompose; it needs make and g++'],
      cause,
    });
  }
  return module.exports as Addon;
}

function wrap(addon: Addon): Native {
  return {
    ...addon,
    spawnMonitor: async (request) => parseStartAnswer(await addon.spawnMonitor(request)),
    effectiveCapabilities: () => formatCapabilityMask(addon.effectiveCapabilities()),
  };
}
