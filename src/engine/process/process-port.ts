// What runs in a container and what it uses, as the host sees it.

/** A process as the host sees it. */
export interface ContainerProcess {
  readonly pid: number;
  readonly parentPid: number;
  readonly uid: number;
  /** The host's name of `uid`, where it has one. */
  readonly user?: string;
  /** RFC 3339. */
  readonly startedAt: string;
  /** Of user and system time. */
  readonly cpuSeconds: number;
  /** `pts/0`; absent without a controlling terminal. */
  readonly terminal?: string;
  /** Arguments; for a process that has none the name in brackets, as ps prints it. */
  readonly command: string;
}

/** What is absent cannot be known: the host has no cgroup controller for it. */
export interface ContainerUsage {
  /** When it was read, in milliseconds of a clock that never goes back. */
  readonly at: number;
  /** Processor time of all processes since the container was started, in nanoseconds. */
  readonly cpuNs?: number;
  /** Bytes, without the page cache that can be given back at once. */
  readonly memory?: number;
  /** Bytes: the container's own limit, else what the host has. */
  readonly memoryLimit: number;
  readonly processes?: number;
  /** Bytes of all interfaces but loopback since the network was made. */
  readonly network?: Transfer;
  readonly disk?: Transfer;
}

export interface Transfer {
  readonly in: number;
  readonly out: number;
}
