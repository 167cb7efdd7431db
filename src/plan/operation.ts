// The alphabet of plans. An operation is one effect on one resource, in Compose's terms; addresses, slots and bundles
// never appear here.

import type { SourcePosition } from '../base/error.ts';
import type { Warning } from '../base/warning.ts';
import type { FileObjectConfig, Nanoseconds, NetworkConfig, VolumeConfig } from '../project/model.ts';
import type { DependencyCondition, ServiceConfig } from '../project/service-config.ts';

/** A container that exists, or one that an earlier node of the same plan creates. */
export type ContainerRef =
  | { readonly id: string; readonly name: string }
  | { readonly node: NodeId; readonly name: string };

export type NodeId = number;

export interface RunTraits {
  /** 64 hex digits; the first twelve are in the name. */
  readonly slug: string;
  /** Goes when it ends, with its anonymous volumes, whoever is there by then. */
  readonly removeOnEnd: boolean;
  /** Answers to the service's names, as a replica does. */
  readonly useAliases: boolean;
}

export type ProviderCommand = 'up' | 'stop' | 'down';

export type HookPhase = 'post_start' | 'pre_stop';

export type UpdateOrder = 'start-first' | 'stop-first';

/** What becomes of an update of which too many replicas fail. */
export type FailureAction = 'pause' | 'continue' | 'rollback';

/** The update of a service that a step is a part of: what its failure means. */
export interface UpdateTraits {
  readonly service: string;
  /** How many of the service's replicas it is about. */
  readonly total: number;
  readonly failureAction: FailureAction;
  /** Above it, failed replicas are a failed update. */
  readonly maxFailureRatio: number;
  /** It takes an earlier one back. */
  readonly isRollback: boolean;
}

export interface OperationShapes {
  'create-network': { readonly key: string; readonly config: NetworkConfig };
  'remove-network': { readonly id: string; readonly name: string };
  'create-volume': { readonly key: string; readonly config: VolumeConfig };
  'remove-volume': { readonly name: string };
  'remove-image': {
    /** As the project names it. */
    readonly image: string;
    /** What the store knows it by. */
    readonly reference: string;
  };
  'create-container': {
    readonly service: ServiceConfig;
    readonly number: number;
    readonly name: string;
    readonly oneOff: boolean;
    /** What `run` asks for; absent for replicas. */
    readonly run?: RunTraits;
    readonly configs: Readonly<Record<string, FileObjectConfig>>;
    readonly secrets: Readonly<Record<string, FileObjectConfig>>;
    /** Model network key -> network name; model volume key -> volume name. */
    readonly networks: Readonly<Record<string, string>>;
    readonly volumes: Readonly<Record<string, string>>;
    /** The container it takes over from: its anonymous volumes, its published sockets, its number. */
    readonly replaces?: { readonly id: string; readonly name: string };
    readonly renewAnonymousVolumes: boolean;
    /** A `pre_start` hook runs in it: it has the anonymous volumes of the container that it prepares. */
    readonly prepares?: ContainerRef;
  };
  /** `attached`: the command that starts it sees its output from the first byte, and types. */
  'start-container': { readonly container: ContainerRef; readonly attached?: boolean };
  /** `by: 'host'`: with the service's own grace, and not recorded as the user's wish. */
  'stop-container': {
    readonly container: ContainerRef;
    readonly timeout?: Nanoseconds;
    readonly by?: 'host';
    /** How long requests that are being answered may take to end, before the signal. */
    readonly drain?: Nanoseconds;
    /** It goes on if that one was seen to fail. */
    readonly successor?: ContainerRef;
  };
  /** Gets no new connections from now on, as long as this command goes on; done when the open ones have ended. */
  'drain-container': {
    readonly container: ContainerRef;
    readonly drain: Nanoseconds;
    readonly successor?: ContainerRef;
  };
  'restart-container': { readonly container: ContainerRef; readonly timeout?: Nanoseconds };
  'kill-container': { readonly container: ContainerRef; readonly signal: string };
  /** Runs a command in the container, without the project lock; fails unless it exits 0. */
  'run-hook': {
    readonly container: ContainerRef;
    readonly phase: HookPhase;
    /** In the list of the container's own service, as it was created. */
    readonly index: number;
    readonly command: readonly string[];
    /** As for `stop-container`. */
    readonly successor?: ContainerRef;
  };
  /** Has somebody else's program bring up, stop or take down what stands behind the service. */
  'run-provider': {
    readonly service: string;
    readonly provider: NonNullable<ServiceConfig['provider']>;
    readonly command: ProviderCommand;
  };
  'pause-container': { readonly container: ContainerRef };
  'unpause-container': { readonly container: ContainerRef };
  'remove-container': {
    readonly container: ContainerRef;
    readonly anonymousVolumes: boolean;
    /** It stays if that one was seen to fail. */
    readonly successor?: ContainerRef;
  };
  /**
   * Watches replicas that an update has started, without the project lock: each has to become healthy, where it has a
   * probe, and then to run on for a while. One that fails ends the plan, or is a warning.
   */
  'observe-update': UpdateTraits & {
    readonly containers: readonly ContainerRef[];
    readonly window: Nanoseconds;
    readonly batch: { readonly number: number; readonly of: number };
    readonly order: UpdateOrder;
  };
  /** Waits, without the project lock, until each container meets the condition; fails when it no longer can. */
  'await-condition': {
    readonly service: string;
    readonly containers: readonly ContainerRef[];
    readonly condition: DependencyCondition;
    /** The service that waits; absent for `up --wait`. */
    readonly dependent?: string;
    /** False: a failure is a warning and the dependent goes on. */
    readonly required: boolean;
    readonly timeout?: Nanoseconds;
  };
}

export type OperationKind = keyof OperationShapes;
export type OperationOf<K extends OperationKind> = { readonly kind: K } & OperationShapes[K];
export type Operation = { [K in OperationKind]: OperationOf<K> }[OperationKind];

export interface PlanNode {
  readonly id: NodeId;
  readonly operation: Operation;
  /** Why this step is there, as data. */
  readonly cause: Cause;
  readonly dependsOn: readonly NodeId[];
  /** Steps of one group show as one row: `Recreate web-1`. */
  readonly group?: string;
  /** Its failure is that of a replica of this update. */
  readonly update?: UpdateTraits;
}

/** An image that would be got before the plan is made anew and executed, or that is all that a command is about. */
export interface PlannedImage {
  /** As the files name it. */
  readonly image: string;
  readonly action: 'pull' | 'push';
  /** `due`: it is here, and its policy has it looked up again. */
  readonly why: 'missing' | 'due' | 'requested';
  readonly services: readonly string[];
}

export interface Plan {
  readonly project: string;
  /** Of a plan that is not to be executed: by then they are here. */
  readonly images?: readonly PlannedImage[];
  readonly nodes: readonly PlanNode[];
  readonly warnings: readonly Warning[];
}

/** One attribute that differs. Values are rendered text; secrets show as `(changed)`. */
export interface FieldChange {
  readonly path: string;
  readonly from?: string;
  readonly to?: string;
  readonly source?: SourcePosition;
}

export type Cause =
  | { readonly reason: 'missing' }
  | { readonly reason: 'not-running'; readonly state: string }
  | { readonly reason: 'changed'; readonly changes: readonly FieldChange[] }
  | { readonly reason: 'image-changed'; readonly from: string; readonly to: string }
  | { readonly reason: 'forced' }
  | { readonly reason: 'scale'; readonly from: number; readonly to: number }
  | { readonly reason: 'orphan' }
  | { readonly reason: 'dependency'; readonly of: string }
  | { readonly reason: 'replaced' }
  | { readonly reason: 'requested'; readonly verb: string }
  | { readonly reason: 'unused' }
  | { readonly reason: 'update-failed' }
  | { readonly reason: 'leftover'; readonly what: string };
