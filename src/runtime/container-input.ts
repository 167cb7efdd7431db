// What computeContainer (container.ts) is told, and what it answers. Everything is decided before: names are looked
// up, volumes exist, addresses are leased, sockets are bound.

import type { Warning } from '../base/warning.ts';
import type { ResolvedImage } from '../image/image.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import type { CdiGrant } from './cdi.ts';
import type { CgroupLayout } from './cgroup-layout.ts';
import type { DiskNumbers } from './cgroup-writes.ts';
import type { ResolvedDevice } from './devices.ts';
import type { EndpointSpec, EventsSpec, MonitorSpec, PublishedPort } from './monitor-spec.ts';
import type { NamespaceJoin } from './namespaces.ts';
import type { OciConfig } from './oci-config.ts';
import type { OciRuntime } from './oci-runtime.ts';
import type { ResolverConfig } from './resolver-config.ts';
import type { HostLimits } from './rlimits.ts';

export interface ContainerInput {
  readonly service: ServiceConfig;
  readonly image: ResolvedImage;
  /** The image's own /etc/passwd and /etc/group, absent if it has none. */
  readonly accounts: AccountFiles;
  readonly identity: ContainerIdentity;
  readonly host: HostFacts;
  readonly network: NetworkInput;
  /** The ids of the host that the container's are; absent: its ids are the host's. */
  readonly idRange?: IdRange;
  /** Namespaces of other containers, one of a type. */
  readonly joins?: readonly NamespaceJoin[];
  /** Binds, volumes (anonymous ones too), configs, and secrets that are plain files. Mounts of type tmpfs are computed from the service. */
  readonly binds: readonly ResolvedBind[];
  readonly imageVolumes?: readonly ImageVolume[];
  /** Files whose contents the monitor is given in memory, in this order. */
  readonly secrets?: readonly SecretFile[];
  /** Directories of the volumes that are mounted as long as somebody uses them. */
  readonly mountedVolumes?: readonly string[];
  /** observeDevices (devices.ts). */
  readonly devices?: readonly ResolvedDevice[];
  /** resolveCdi (cdi.ts), its devices being among `devices`. */
  readonly grant?: CdiGrant;
  /** observeDisks (devices.ts): of the block devices that `blkio_config` names. */
  readonly disks?: DiskNumbers;
  /** Another runtime than tcrun. */
  readonly runtime?: OciRuntime;
  /** The text of the file that `security_opt: seccomp=FILE` names. */
  readonly seccompProfile?: string | undefined;
  /** The address of the server that `logging` names; absent: it names none, or says it in numbers. */
  readonly logServer?: string;
  /** Where the monitor tells what happens; absent: nowhere. */
  readonly events?: Pick<EventsSpec, 'file' | 'maxSize' | 'oneOff'>;
  readonly paths: ContainerPaths;
  /** `tcompose`, or `tcompose-<instance>`: names the nftables table and the parent cgroup. */
  readonly table: string;
  /** `remove`: nothing of the container outlives its process (`run --rm`). */
  readonly onEnd: 'keep' | 'remove';
  /** It takes the place of a container, which may serve until this one is healthy. */
  readonly isSuccessor?: boolean;
}

/** Ids 0 to `size` - 1 of a user namespace are the host's from `uid` and `gid` on. */
export interface IdRange {
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
}

export interface AccountFiles {
  readonly passwd?: string;
  readonly group?: string;
}

export interface ContainerIdentity {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly service: string;
  readonly number: number;
}

/** What the host is and allows; `observeHostFacts` in host-facts.ts reads it once per command. */
export interface HostFacts {
  readonly cgroups: CgroupLayout;
  /** Effective capabilities of this process. */
  readonly capabilities: readonly string[];
  readonly architecture: 'x86_64' | 'aarch64';
  readonly hostname: string;
  /** `6.1.0-13-amd64` */
  readonly kernel: string;
  /** Text of /etc/hosts. */
  readonly hosts: string;
  readonly resolver: ResolverConfig;
  readonly hasIpv6: boolean;
  readonly hasApparmor: boolean;
  readonly hasSelinux: boolean;
  /** Numbers of the processors that may ever be online. */
  readonly cpus: readonly number[];
  /** Limits of this process: without CAP_SYS_RESOURCE a container cannot have more. */
  readonly limits: HostLimits;
}

export interface NetworkInput {
  /** `private` without endpoints is `network_mode: none`. */
  readonly mode: 'private' | 'host' | 'join';
  /** With `join`: control socket of the monitor whose namespace is shared. */
  readonly joinControl?: string;
  /** With `join`: the bundle of the container whose /etc/hosts, hostname and resolv.conf are shared. */
  readonly joinBundle?: string;
  /** With `join`: the host name of that container. */
  readonly joinHostname?: string;
  readonly endpoints: readonly EndpointSpec[];
  readonly ports: readonly PublishedPort[];
  /** Every network that is joined is `internal`: names of the outside do not resolve. */
  readonly isolated: boolean;
  /** What `host-gateway` in extra_hosts stands for. */
  readonly hostGateway?: string;
}

export interface ResolvedBind {
  /** Absolute, on the host. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** `rprivate` by default. */
  readonly propagation?: string;
  /** False: mounts below the source are left out. Default true. */
  readonly recursive?: boolean;
  /** With `readOnly`: the mounts below the source stay as they are. */
  readonly writableBelow?: boolean;
  /** The part of `source` that is mounted; found at each start, and never outside of `source`. */
  readonly subpath?: string;
}

/** The files of an image, read-only. */
export interface ImageVolume {
  readonly target: string;
  /** Absolute directories, topmost first. */
  readonly layers: readonly string[];
  readonly subpath?: string;
}

export interface SecretFile {
  readonly target: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

export interface ContainerPaths {
  /** `<root>/containers/<id>`. */
  readonly bundle: string;
  /** `<run>/containers/<id>`. */
  readonly runDir: string;
}

export interface ContainerBundle {
  readonly config: OciConfig;
  /** The same for another runtime; absent: there is none. */
  readonly runtimeConfig?: OciConfig;
  readonly monitor: MonitorSpec;
  /** Written into the bundle before the start; the config binds them. Mode 0644. */
  readonly files: readonly BundleFile[];
  /** As the container sees it: for the network's `names`. */
  readonly hostname: string;
  readonly warnings: readonly Warning[];
}

export interface BundleFile {
  /** `hosts`, `hostname` or `resolv.conf`. */
  readonly name: string;
  readonly content: string;
}
