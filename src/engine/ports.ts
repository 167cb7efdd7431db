// What `app` may ask of a runtime. The native engine implements it; a Docker Engine implementation can follow.

import type { Readable, Writable } from 'node:stream';
import type { Warning } from '../base/warning.ts';
import type { ImageEntry } from '../image/content/image-index.ts';
import type { DesiredInputs, ObservedContainer, ObservedState } from '../plan/observed-state.ts';
import type { NodeId, Operation, Plan } from '../plan/operation.ts';
import type { ProjectModel } from '../project/model.ts';
import type { BuildPort } from './build/build-port.ts';
import type { EventPort } from './event/event-port.ts';
import type {
  CommitOptions,
  ImagePort,
  ImageRequest,
  PullOutcome,
  PullPolicies,
  RegistryPort,
} from './image/image-port.ts';
import type { ContainerDetails } from './inspect/inspect-port.ts';
import type { ContainerProcess, ContainerUsage } from './process/process-port.ts';
import type { RemotePort } from './remote/remote-port.ts';
import type { SourcePort } from './source/source-port.ts';

export type * from './build/build-port.ts';
export type * from './event/event-port.ts';
export type * from './image/image-port.ts';
export type * from './inspect/inspect-port.ts';
export type * from './process/process-port.ts';
export type * from './remote/remote-port.ts';
export type * from './source/source-port.ts';

export interface Engine {
  /** One snapshot; takes no lock. `model` adds the resources that it calls external. */
  observe(project: string, model?: ProjectModel): Promise<ObservedState>;
  /**
   * Resolves images (host, archives, store, registries) and digests of contents. Fails, naming all of them, if some
   * cannot be had. `plan`, the default, gets and writes nothing, and says which images would be pulled; before an
   * `execute` say so: then images are pulled, each once, and the digests are keyed with the key that the records will
   * have, also if the data root is not made yet.
   */
  resolveInputs(
    model: ProjectModel,
    services?: readonly string[],
    purpose?: 'plan' | 'execute',
    images?: ImageRequest,
  ): Promise<DesiredInputs>;
  /** Gets the images of services, each once; one that cannot be had does not hold up the others. `plan` gets nothing. */
  pullImages(
    model: ProjectModel,
    policies: PullPolicies,
    purpose: 'plan' | 'execute',
    request?: Omit<ImageRequest, 'pull'>,
  ): Promise<PullOutcome>;
  /**
   * Takes the project lock, calls `decide` with a fresh snapshot, and executes the plan that it returns. `decide` must
   * be pure: it is called before the lock too, and if there is nothing to do then, the lock is not taken. While only
   * waits are left, others may have the project; what they change and the plan relies on ends it.
   */
  execute(request: ExecuteRequest): Promise<ExecutionResult>;
  /** Projects that have a container, a network or a volume in this instance. */
  listProjects(): Promise<readonly ProjectSummary[]>;
  readonly logs: LogPort;
  exec(container: ObservedContainer, request: ExecRequest): Promise<ExecSession>;
  /** What the container prints from now on, and its input. Others may be attached, too. */
  attach(container: ObservedContainer, request: AttachRequest): Promise<AttachSession>;
  /** What runs in the container, by pid; read from the host's side, so the container needs no program for it. */
  listProcesses(container: ObservedContainer): Promise<readonly ContainerProcess[]>;
  /** What the container uses at this moment. Undefined: it does not run. */
  measure(container: ObservedContainer): Promise<ContainerUsage | undefined>;
  /** All that is known of it. Needs root: its environment is in it. */
  inspect(container: ObservedContainer): Promise<ContainerDetails>;
  readonly events: EventPort;
  /** Yields a snapshot of the container each time its monitor reports a change, ends when it is removed. */
  watch(containerId: string, signal?: AbortSignal): AsyncIterable<ObservedContainer>;
  readonly builds: BuildPort;
  /** The images of this instance. */
  readonly images: ImagePort;
  readonly registry: RegistryPort;
  readonly remote: RemotePort;
  /** An image of what the container has changed over its own, and of what its service says over the image's config. */
  commit(container: ObservedContainer, options: CommitOptions): Promise<ImageEntry>;
  /** The tar of the container's root file system, without its mounts. */
  export(container: ObservedContainer): AsyncIterable<Uint8Array>;
  readonly copy: CopyPort;
  /** Files of this host that services are made from. */
  readonly sources: SourcePort;
  readonly system: SystemPort;
}

export interface CopyPort {
  /** A container that does not run is kept from being started until the tree is closed. */
  container(container: ObservedContainer): Promise<CopyTree>;
  /** Nothing outside of the directory is reached, whatever links say. */
  host(directory: string): Promise<CopyTree>;
}

/** Paths are absolute, `/` being the tree's root. Links are followed inside of it, and lead nowhere else. */
export interface CopyTree {
  look(path: string, follow: boolean): Promise<CopyEntry>;
  /** The tar of it, under another name; with `.`, only of what is in it. */
  read(path: string, name: string): AsyncIterable<Uint8Array>;
  write(directory: string, input: AsyncIterable<Uint8Array>, options: CopyWriteOptions): Promise<void>;
  /**
   * Removes what is there, directories with all that is in them; a path that is missing is removed already. What
   * something is mounted at or in stays, and is an error once the others are gone.
   */
  remove(paths: readonly string[]): Promise<void>;
  close(): void;
}

export interface CopyWriteOptions {
  /** And set-user-id bits and capabilities; else everything is root's. */
  readonly keepOwners: boolean;
  readonly devices: boolean;
  /** Directories that are there get their modes and owners, too. Default: they keep their own. */
  readonly changeDirectories?: boolean;
}

export interface CopyEntry {
  readonly kind: 'directory' | 'file' | 'link' | 'other' | 'missing';
  /** Without links; as asked for if it is missing. */
  readonly path: string;
}

export interface ExecuteRequest {
  readonly project: string;
  readonly model?: ProjectModel;
  /** The command, for the lock's holder record: `up`, `down`, ... */
  readonly verb: string;
  decide(state: ObservedState): Plan;
  on(event: ExecuteEvent): void;
  readonly signal?: AbortSignal;
  /** How many effects at a time; default: number of cores. */
  readonly parallel?: number;
  /** For the container that the plan starts attached. */
  readonly attach?: AttachRequest;
  /** A step that fails holds nobody back; the first failure rejects once all others are done. */
  readonly keepGoing?: boolean;
}

export type ExecuteEvent =
  | { readonly type: 'plan'; readonly plan: Plan }
  | {
      readonly type: 'node';
      readonly node: NodeId;
      readonly operation: Operation;
      readonly group?: string;
      readonly phase: 'started' | 'done' | 'failed';
      readonly detail?: string;
    }
  | { readonly type: 'warning'; readonly warning: Warning };

export interface ExecutionResult {
  /** Node of a `create-container` -> the new id. */
  readonly created: ReadonlyMap<NodeId, string>;
  readonly plan: Plan;
  /** With the container that the plan started attached. */
  readonly session?: AttachSession;
}

export interface ProjectSummary {
  readonly name: string;
  readonly workingDir: string;
  readonly configFiles: readonly string[];
  readonly states: Readonly<Record<string, number>>;
}

export interface LogPort {
  /** Records of all the containers merged by time. With `follow` it ends when the signal fires or all are removed. */
  read(request: LogRequest): AsyncIterable<LogRecord>;
}

export interface LogRequest {
  readonly containers: readonly ObservedContainer[];
  readonly follow: boolean;
  /** Lines per container from the end; `all` by default. */
  readonly tail: number | 'all';
  /** RFC 3339 instants. */
  readonly since?: string;
  readonly until?: string;
  /** When it fires, what is written by then is still read. */
  readonly signal?: AbortSignal;
  /** By container id: where reading begins, and when it has come to its end, where the next one goes on. */
  readonly cursors?: Map<string, LogCursor>;
}

/** A place in a log that stays valid through rotations. */
export interface LogCursor {
  /** Which file, compressed or not. */
  readonly file: string;
  readonly position: number;
}

export interface LogRecord {
  readonly containerId: string;
  readonly stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds. */
  readonly time: string;
  /** With its line end, if it had one. */
  readonly text: string;
}

export interface ExecRequest {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly workingDir?: string;
  readonly privileged: boolean;
  readonly tty: boolean;
  readonly detach: boolean;
  readonly stdin?: Readable & { readonly fd?: number };
  readonly stdout?: Writable & { readonly fd?: number };
  readonly stderr?: Writable & { readonly fd?: number };
  /** The streams' descriptors, if the caller knows them: a stream is then touched only if it has to be copied. */
  readonly descriptors?: { readonly stdin?: number; readonly stdout?: number; readonly stderr?: number };
}

export interface ExecSession {
  /** 128 + n if signal n ended it. */
  readonly exitCode: Promise<number>;
  resize(rows: number, columns: number): void;
  signal(name: string): void;
  /** Leaves what runs alone: it goes on, and `exitCode` tells nothing any more. */
  leave(): void;
}

/** Streams that are absent are not passed on. */
export interface AttachRequest {
  /** The container has a terminal: its output is one stream. */
  readonly tty: boolean;
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  /** The container waits while the output is not read. Else what a slow reader has no room for is lost to it. */
  readonly lossless: boolean;
  /** The end of `stdin` is the end of the container's own, too. */
  readonly endsInput: boolean;
  /** Told how much was lost to a slow reader. */
  onDropped?(bytes: number): void;
}

/** `signal` goes to the container's first process. */
export interface AttachSession extends ExecSession {
  /** Settles when the monitor is gone, and what it removes with it. */
  readonly ended: Promise<void>;
}

export interface SystemPort {
  /** Compares disk and kernel; with `repair`, mends what it found. Touches only what it can lock. */
  check(options: { readonly repair: boolean }): Promise<readonly SystemFinding[]>;
  /** The boot service of this instance; `purpose` `install` makes the instance, for its name. */
  describeService(request: ServiceRequest, purpose: 'show' | 'install'): Promise<ServiceFile>;
  /** Whether anything had to be written. */
  installService(service: ServiceFile): Promise<boolean>;
  enableService(service: ServiceFile): Promise<void>;
  /** Whether there was one. */
  uninstallService(service: ServiceFile): Promise<boolean>;
}

export interface ServiceRequest {
  /** Default: that of the host. */
  readonly init?: 'systemd' | 'sysv';
  /** Default: where the init system looks. */
  readonly directory?: string;
  /** What runs tcompose, absolute. */
  readonly command: readonly string[];
}

export interface ServiceFile {
  readonly init: 'systemd' | 'sysv';
  readonly name: string;
  readonly path: string;
  readonly text: string;
  /** The command that has it run at boot. */
  readonly enabling: readonly string[];
}

export interface SystemFinding {
  readonly what: string;
  readonly why: string;
  readonly repaired: boolean;
}
