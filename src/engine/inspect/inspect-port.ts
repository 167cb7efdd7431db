// All that is known of one container, where a snapshot of its project tells what the project needs.

import type { ObservedContainer } from '../../plan/observed-state.ts';

export interface ContainerDetails {
  readonly container: ObservedContainer;
  readonly process: ContainerCommand;
  readonly hostname: string;
  readonly readOnlyRoot: boolean;
  /** Below each hierarchy. */
  readonly cgroup: string;
  readonly removeOnEnd: boolean;
  readonly restart: { readonly policy: string; readonly maxRetries: number };
  readonly limits: LimitDetails;
  /** Another OCI runtime that makes it. */
  readonly runtime?: string;
  /** What it was killed by, when it does not run. */
  readonly signal?: number;
  readonly health?: HealthDetails;
  readonly endpoints: readonly EndpointDetails[];
  /** Published, whether it runs or not. */
  readonly ports: readonly PortDetails[];
  /** `80/tcp`: those that image and service name. */
  readonly exposed: readonly string[];
  readonly mounts: readonly MountDetails[];
  readonly files: ContainerFiles;
}

/** As in its OCI configuration. */
export interface ContainerCommand {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
  readonly terminal: boolean;
  readonly apparmorProfile?: string;
}

/** 0: none was asked for. */
export interface LimitDetails {
  /** Bytes. */
  readonly memory: number;
  readonly memoryReservation: number;
  /** Memory and swap together; -1: without limit. */
  readonly memorySwap: number;
  /** Billionths of a processor. */
  readonly nanoCpus: number;
  readonly cpuShares: number;
  readonly cpuset: string;
  readonly pids: number;
}

export interface HealthDetails {
  readonly status: 'starting' | 'healthy' | 'unhealthy';
  readonly failingStreak: number;
  /** The last probes, oldest first. Times: RFC 3339. */
  readonly log: readonly {
    readonly start: string;
    readonly end: string;
    readonly exitCode: number;
    readonly output: string;
  }[];
}

/** Addresses without prefix length, gateways likewise. */
export interface EndpointDetails {
  readonly network: string;
  readonly networkId: string;
  readonly mac: string;
  readonly names: readonly string[];
  readonly ipv4?: AddressDetails;
  readonly ipv6?: AddressDetails;
}

export interface AddressDetails {
  readonly address: string;
  readonly prefixLength: number;
  readonly gateway: string;
}

export interface PortDetails {
  readonly address: string;
  readonly port: number;
  readonly target: number;
  readonly protocol: string;
}

export interface MountDetails {
  readonly type: string;
  /** Of a volume. */
  readonly name?: string;
  /** Of a volume: where its files are. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly propagation?: string;
}

/** Absolute paths on the host. */
export interface ContainerFiles {
  readonly log: string;
  readonly hosts: string;
  readonly hostname: string;
  readonly resolvConf: string;
  /** The layer that it writes to. */
  readonly upper: string;
}
