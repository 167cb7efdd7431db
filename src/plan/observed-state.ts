// The world of one project as a snapshot: what the planner compares the model with. Pure data, made by the engine.

import type { NetworkConfig, VolumeConfig } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import type { PlannedImage } from './operation.ts';

export type ContainerState =
  | 'creating'
  | 'created'
  | 'running'
  | 'paused'
  | 'restarting'
  | 'exited'
  | 'removing'
  | 'dead';

export type HealthStatus = 'starting' | 'healthy' | 'unhealthy';

/**
 * Everything besides the service's own attributes that makes two containers differ. Contents are keyed digests, so
 * that secrets are comparable and not readable.
 */
export interface ServiceInputs {
  readonly imageId: string;
  /** Config or secret key, prefixed `configs.` or `secrets.` -> digest of its content. */
  readonly files: Readonly<Record<string, string>>;
  /** Network key -> identity of the network that is joined. */
  readonly networks: Readonly<Record<string, string>>;
  /** Volume key -> identity of the volume that is mounted. */
  readonly volumes: Readonly<Record<string, string>>;
  /** Source of a mount of type `image` -> identity of the image. */
  readonly images?: Readonly<Record<string, string>>;
  /**
   * Service named by `service:NAME` or `volumes_from` -> id of its container that is shared. Absent where it was not
   * recorded: then the times of creation tell.
   */
  readonly sources?: Readonly<Record<string, string>>;
}

/**
 * A service as a container record keeps it: whole, so that a change can be named field by field. Environment values
 * and inline contents are replaced by keyed digests (`hmac:<hex>`).
 */
export type RecordedService = ServiceConfig;

export interface ObservedContainer {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly service: string;
  /** Replica number, from 1. */
  readonly number: number;
  readonly oneOff: boolean;
  readonly state: ContainerState;
  /** The user stopped it; a restart policy must not bring it back. */
  readonly stoppedByUser: boolean;
  readonly exitCode?: number;
  readonly oomKilled?: boolean;
  readonly health?: HealthStatus;
  readonly restartCount: number;
  readonly error?: string;
  readonly droppedLogLines?: number;
  readonly image: string;
  readonly command: readonly string[];
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly recorded: RecordedService;
  readonly inputs: ServiceInputs;
  readonly labels: Readonly<Record<string, string>>;
  readonly publishers: readonly ObservedPublisher[];
  /** Ports that it serves on its networks and does not publish. */
  readonly exposed?: readonly ObservedPort[];
  readonly networks: readonly { readonly key: string; readonly name: string; readonly address?: string }[];
  readonly mounts: readonly { readonly type: string; readonly source: string; readonly target: string }[];
  /** Id of the container that this one was created to replace. */
  readonly replaces?: string;
  /** Host pid of the container's first process, while it runs. */
  readonly pid?: number;
  readonly workingDir: string;
}

export interface ObservedPort {
  readonly target: number;
  readonly protocol: string;
}

export interface ObservedPublisher extends ObservedPort {
  /** Host address: `0.0.0.0`, `::`, ... */
  readonly address: string;
  readonly published: number;
}

export interface ObservedNetwork {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly project?: string;
  readonly recorded: NetworkConfig;
  readonly labels: Readonly<Record<string, string>>;
  /** Container ids that hold a lease. */
  readonly members: readonly string[];
}

export interface ObservedVolume {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly project?: string;
  readonly recorded: VolumeConfig;
  readonly labels: Readonly<Record<string, string>>;
  readonly anonymous: boolean;
  /** Where its files are on the host. */
  readonly path?: string;
  /** Container ids that mount it. */
  readonly usedBy: readonly string[];
}

export interface ObservedState {
  readonly project: string;
  /** All of the project's containers, by number within a service; orphans and one-offs included. */
  readonly containers: readonly ObservedContainer[];
  readonly networks: readonly ObservedNetwork[];
  readonly volumes: readonly ObservedVolume[];
  /** Resources the model calls external: name -> found. */
  readonly externalNetworks: Readonly<Record<string, ObservedNetwork>>;
  readonly externalVolumes: Readonly<Record<string, ObservedVolume>>;
}

/** What the model needs from outside itself, looked up before planning: per service. */
export interface DesiredInputs {
  /** Per service: the image, and the form in which a record would keep the service. */
  readonly services: Readonly<Record<string, DesiredService>>;
  /** Images that would be got first. */
  readonly images?: readonly PlannedImage[];
}

export interface DesiredService {
  readonly imageId: string;
  readonly files: Readonly<Record<string, string>>;
  /** As ServiceInputs has it. */
  readonly images?: Readonly<Record<string, string>>;
  readonly recorded: RecordedService;
  /** Whether image or service give it a health probe. */
  readonly hasHealthcheck: boolean;
}
