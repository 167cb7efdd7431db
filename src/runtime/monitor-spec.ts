// monitor.json: what the monitor needs beside the OCI config. TS decides all of it; C++ checks and carries it out.
// The whole contract, with the control protocol and the files, is docs/runtime-protocol.md.

import type { RestartSpec } from '../project/restart-policy.ts';

export const MONITOR_SPEC_VERSION = 1;

export interface MonitorSpec {
  readonly version: typeof MONITOR_SPEC_VERSION;
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  /** `tcompose`, or `tcompose-<instance>`: nftables table name. */
  readonly table: string;
  /** Absolute: `<root>/containers/<id>`, holds config.json, monitor.json, log, last, upper, work. */
  readonly bundle: string;
  /** Absolute: `<run>/containers/<id>`, holds status and ctl. */
  readonly runDir: string;
  /** False only with `pid: host|service:x|container:x`: then PDEATHSIG and the sweep stand in. */
  readonly ownPidNamespace: boolean;
  readonly root: RootSpec;
  /** Files on a tmpfs of the container; their contents come in a descriptor, in this order. */
  readonly secrets?: readonly SecretSpec[];
  /**
   * Directories of volumes that are mounted on `_data`: locked shared as long as the monitor lives. Whoever ends last
   * unmounts.
   */
  readonly mountedVolumes?: readonly string[];
  readonly cgroup: CgroupSpec;
  /** Asked of their monitors at each start; config.json names the types as if they were its own. */
  readonly joins?: readonly JoinSpec[];
  /** Another runtime makes the container, of runtime-config.json in the bundle; absent: tcrun does. */
  readonly runtime?: RuntimeSpec;
  /** Absent: unconfined. */
  readonly seccomp?: SeccompSpec;
  /** As the user or the image wrote it (`name`, `uid`, `name:group`, ...); resolved in the container's own files. */
  readonly user?: string;
  readonly groupAdd?: readonly string[];
  /** A tcrun init is pid 1 and the service its child. */
  readonly init: boolean;
  /** Standard input is a pipe that stays open; absent or false: it is /dev/null. With a terminal it is that. */
  readonly stdinOpen?: boolean;
  readonly log: LogSpec;
  /** Absent: nobody asks what happens to it. */
  readonly events?: EventsSpec;
  readonly restart: RestartSpec;
  readonly stop: { readonly signal: number; readonly graceMs: number };
  readonly health?: HealthSpec;
  readonly network: NetworkSpec;
  /** `remove`: `run --rm -d`. */
  readonly onEnd: 'keep' | 'remove';
}

export interface RootSpec {
  /** Absolute directories, topmost first; at least one. */
  readonly layers: readonly string[];
  readonly upper: string;
  readonly work: string;
  /** Only where the upper layer dies with the process. */
  readonly volatile: boolean;
  /** Made if the image has nothing there. */
  readonly present?: readonly PresentSpec[];
}

/** An empty file, or a symbolic link to `link`. */
export interface PresentSpec {
  readonly path: string;
  readonly link?: string;
}

export interface SecretSpec {
  readonly target: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** The monitor appends a line for each start, end, kill for want of memory, and change of health. */
export interface EventsSpec {
  /** Absolute. Beyond `maxSize` bytes it is renamed to `<file>.1`. */
  readonly file: string;
  readonly maxSize: number;
  readonly project: string;
  readonly service: string;
  readonly image: string;
  readonly oneOff?: boolean;
}

export interface CgroupSpec {
  /** Directories of `cgroup_parent`, made in this order if they are missing, before `directories`; they stay. */
  readonly parents?: readonly string[];
  /** Directories made in this order before the process exists, removed in reverse after it ended. */
  readonly directories: readonly string[];
  /** Ordered writes into those directories. */
  readonly writes: readonly CgroupWrite[];
  /** Files that take "0" from the process itself (`.../tasks` on v1, `.../cgroup.procs` on v2). */
  readonly attach: readonly string[];
  /** Same for the monitor and its network child: they leave the session's cgroups. */
  readonly monitorAttach: readonly string[];
  /** v2 directory for CLONE_INTO_CGROUP and cgroup.kill, if the host has a v2 hierarchy. */
  readonly unified?: string;
  /** v1 directory of the freezer, if any. */
  readonly freezer?: string;
  /** Directory whose cgroup.procs lists every process of the container. */
  readonly procs: string;
  /** v1: memory.oom_control; v2: memory.events. Absent without a memory controller. */
  readonly oomEvents?: string;
  /**
   * struct bpf_insn[] of type BPF_PROG_TYPE_CGROUP_DEVICE, base64, to be attached to `unified` before the process exists.
   * Failing to do so fails the start. Absent: `writes` confine the devices (v1), or nothing does.
   */
  readonly deviceFilter?: string;
}

export interface CgroupWrite {
  readonly file: string;
  /** One of the two. `copyFrom`: if `file` is empty it gets what this file has. */
  readonly value?: string;
  readonly copyFrom?: string;
  /** Taken instead if `file` does not exist. */
  readonly orElse?: { readonly file: string; readonly value: string };
  /** The Compose attribute that asks for it, for the error text. */
  readonly setting: string;
  /** True: failure fails the start. False: it is a warning in the status. */
  readonly required: boolean;
}

/** A namespace of another container. */
export interface JoinSpec {
  readonly type: 'pid' | 'ipc' | 'uts';
  /** Absolute: control socket of its monitor. */
  readonly control: string;
  /** Targets of mounts that are not made but taken over from there. */
  readonly mounts?: readonly string[];
}

/** Each verb is a whole argument list behind `command`. Current directory: the stage, of `exec` one of its own in it. */
export interface RuntimeSpec {
  /** Program and global arguments. */
  readonly command: readonly string[];
  /** All of its environment. */
  readonly env: readonly string[];
  /** Writes the pid of the first process into `pid`; sends a terminal to the socket `console`. */
  readonly create: readonly string[];
  readonly start: readonly string[];
  readonly delete: readonly string[];
  /** The number of a signal is added. Of those that are opaque. */
  readonly kill: readonly string[];
  /** The OCI process is in `process`; the pid goes into `pid`. Of those that are opaque. */
  readonly exec: readonly string[];
  readonly execTerminal: readonly string[];
  /** Mounts of the host that it does not see. */
  readonly hidden?: readonly string[];
  /** As `attach` of the cgroup, for who calls it: it is born in these, and puts the container into others by itself. */
  readonly attach: readonly string[];
  /** Nobody but itself gets into its containers. */
  readonly isOpaque: boolean;
  /** How long a verb may take. */
  readonly timeoutMs: number;
}

export interface SeccompSpec {
  /** struct sock_filter[], base64. */
  readonly filter: string;
  /** SECCOMP_FILTER_FLAG_*; those that the kernel does not know are left out. Absent: SPEC_ALLOW. */
  readonly flags?: number;
}

export interface LogSpec {
  /** What is kept here: `logs` reads it. */
  readonly driver: 'json-file' | 'none';
  readonly path: string;
  /** 0: no limit. */
  readonly maxSize: number;
  readonly maxFile: number;
  /** Files that rotation sets aside, with gzip: `log.1.gz`, the inode number of the file as the name in its header. */
  readonly compress?: boolean;
  /** A JSON object, as text: every record's `attrs`. */
  readonly attributes?: string;
  readonly syslog?: SyslogSpec;
}

export interface SyslogSpec {
  readonly transport: 'unix' | 'udp' | 'tcp';
  /** A path, or an address in numbers. */
  readonly address: string;
  readonly port?: number;
  readonly format: 'local' | 'rfc3164' | 'rfc5424' | 'rfc5424micro';
  readonly facility: number;
  readonly tag: string;
  readonly hostname: string;
}

export interface HealthSpec {
  /** What is executed; CMD-SHELL is already wrapped in the shell. */
  readonly command: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly startPeriodMs: number;
  readonly startIntervalMs: number;
}

export interface NetworkSpec {
  /**
   * `private`: a new network namespace with `endpoints` (none for `network_mode: none`). `host`: the host's.
   * `join`: the namespace held by another monitor, asked for over the control socket `joinControl`.
   */
  readonly mode: 'private' | 'host' | 'join';
  readonly joinControl?: string;
  readonly endpoints: readonly EndpointSpec[];
  /** Absent: the container has no 127.0.0.11. */
  readonly dns?: DnsSpec;
  /** In the order of the sockets that the monitor is given. */
  readonly ports: readonly PublishedPort[];
  /** Until it was healthy once, a name that it shares means the others who have it, if any run. */
  readonly namedWhenHealthy?: true;
}

/** A link of the container's own that stands on one of the host's. Modes: ip-link(8). */
export type LinkSpec =
  | { readonly type: 'macvlan'; readonly mode: 'bridge' | 'private' | 'vepa' | 'passthru' }
  | { readonly type: 'ipvlan'; readonly mode: 'l2' | 'l3' | 'l3s' };

export interface EndpointSpec {
  readonly networkId: string;
  /** Empty with `below`. */
  readonly bridge: string;
  /** Instead of a pair of links whose other end is in the bridge: one below `parent`, a link of the host. */
  readonly below?: LinkSpec & { readonly parent: string };
  /** The bridge carries nothing between this port and others that are so too. */
  readonly isolated?: boolean;
  /** Name in the host, derived from the container id. */
  readonly hostInterface: string;
  /** Name in the container: eth0, eth1, ... */
  readonly interface: string;
  readonly mac: string;
  readonly mtu: number;
  /** `10.1.2.3/22`. */
  readonly ipv4?: string;
  readonly ipv4Gateway?: string;
  readonly ipv6?: string;
  readonly ipv6Gateway?: string;
  /** More addresses, with prefix length. */
  readonly linkLocal?: readonly string[];
  /** Files below /proc/sys of the container's network namespace, and what is written to them. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** This endpoint gives the default routes. */
  readonly isDefault: boolean;
  /** Index of the endpoint's byte in the network's `states`. */
  readonly slot: number;
  /** `<run>/networks/<id>`, holds names and states. */
  readonly networkRunDir: string;
}

export interface DnsSpec {
  /** Asked in order, from the host's network namespace. Empty: nothing is forwarded (internal networks). */
  readonly upstreams: readonly string[];
  /** Seen by this container only: alias -> name as in `names`. */
  readonly links: Readonly<Record<string, string>>;
}

export interface PublishedPort {
  readonly protocol: 'tcp' | 'udp';
  /** Host address: `0.0.0.0`, `::`, `127.0.0.1`, ... */
  readonly address: string;
  readonly port: number;
  /** Port in the container. */
  readonly target: number;
  /** The container's address that the group balances over. */
  readonly targetAddress: string;
  /** Absolute path of the port group file. */
  readonly group: string;
}
