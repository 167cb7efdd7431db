// The output of `inspect`: one array, in the shape of Docker's API (GET /containers/{id}/json), as far as there is something
// to say.

import type { ContainerDetails, EndpointDetails, HealthDetails, MountDetails } from '../../engine/ports.ts';
import type { ObservedContainer } from '../../plan/observed-state.ts';
import { renderInspection } from '../inspection.ts';

/** Docker's word for a time that is not there. */
const NEVER = '0001-01-01T00:00:00Z';

export function renderContainers(
  containers: readonly ContainerDetails[],
  format: string | undefined,
): string {
  return renderInspection(containers.map(viewContainer), format);
}

function viewContainer(details: ContainerDetails) {
  const { container, files, process } = details;
  return {
    Id: container.id,
    Created: container.createdAt,
    Path: process.args[0] ?? '',
    Args: process.args.slice(1),
    State: viewState(details),
    Image: container.inputs.imageId,
    ResolvConfPath: files.resolvConf,
    HostnamePath: files.hostname,
    HostsPath: files.hosts,
    LogPath: files.log,
    Name: `/${container.name}`,
    RestartCount: container.restartCount,
    Driver: 'overlay2',
    Platform: 'linux',
    AppArmorProfile: process.apparmorProfile ?? '',
    HostConfig: viewHostConfig(details),
    GraphDriver: { Name: 'overlay2', Data: { UpperDir: files.upper } },
    Mounts: details.mounts.map(viewMount),
    Config: viewConfig(details),
    NetworkSettings: viewNetworks(details),
  };
}

function viewState({ container, health, signal }: ContainerDetails) {
  const { error = '', exitCode = 0, finishedAt, oomKilled = false, pid = 0, startedAt, state } = container;
  return {
    Status: state,
    Running: state === 'running' || state === 'paused' || state === 'restarting',
    Paused: state === 'paused',
    Restarting: state === 'restarting',
    OOMKilled: oomKilled,
    Dead: false,
    Pid: pid,
    ExitCode: exitCode,
    ...(signal !== undefined && { Signal: signal }),
    Error: error,
    StartedAt: startedAt ?? NEVER,
    FinishedAt: finishedAt ?? NEVER,
    ...(health && { Health: viewHealth(health) }),
  };
}

function viewHealth({ failingStreak, log, status }: HealthDetails) {
  return {
    Status: status,
    FailingStreak: failingStreak,
    Log: log.map(({ end, exitCode, output, start }) => ({
      Start: start,
      End: end,
      ExitCode: exitCode,
      Output: output,
    })),
  };
}

function viewHostConfig({ cgroup, container, limits, ports, restart, ...details }: ContainerDetails) {
  const { recorded } = container;
  return {
    Binds: details.mounts.filter(({ type }) => type === 'bind' || type === 'volume').map(formatBind),
    LogConfig: { Type: recorded.logging?.driver ?? 'json-file', Config: recorded.logging?.options ?? {} },
    NetworkMode: recorded.network_mode ?? container.networks[0]?.name ?? 'none',
    PortBindings: viewPorts(ports, []),
    RestartPolicy: { Name: restart.policy, MaximumRetryCount: restart.maxRetries },
    AutoRemove: details.removeOnEnd,
    CapAdd: recorded.cap_add ?? null,
    CapDrop: recorded.cap_drop ?? null,
    ExtraHosts: recorded.extra_hosts ?? null,
    GroupAdd: recorded.group_add ?? null,
    ...viewNamespaces(recorded),
    Privileged: recorded.privileged ?? false,
    ReadonlyRootfs: details.readOnlyRoot,
    SecurityOpt: recorded.security_opt ?? null,
    ShmSize: recorded.shm_size ?? 64 * 1024 * 1024,
    Runtime: details.runtime ?? 'tcrun',
    Init: recorded.init ?? false,
    Cgroup: cgroup,
    ...viewLimits(limits),
  };
}

function viewNamespaces({ ipc, pid, userns_mode: users, uts }: ObservedContainer['recorded']) {
  return { IpcMode: ipc ?? 'private', PidMode: pid ?? '', UTSMode: uts ?? '', UsernsMode: users ?? '' };
}

function viewLimits(limits: ContainerDetails['limits']) {
  return {
    Memory: limits.memory,
    MemoryReservation: limits.memoryReservation,
    MemorySwap: limits.memorySwap,
    NanoCpus: limits.nanoCpus,
    CpuShares: limits.cpuShares,
    CpusetCpus: limits.cpuset,
    PidsLimit: limits.pids,
  };
}

function formatBind({ name, readOnly, source, target }: MountDetails): string {
  return `${name ?? source}:${target}:${readOnly ? 'ro' : 'rw'}`;
}

function viewMount({ name, propagation = '', readOnly, source, target, type }: MountDetails) {
  return {
    Type: type,
    ...(name !== undefined && { Name: name }),
    Source: source,
    Destination: target,
    ...(name !== undefined && { Driver: 'local' }),
    Mode: '',
    RW: !readOnly,
    Propagation: propagation,
  };
}

function viewConfig({ container, exposed, hostname, process }: ContainerDetails) {
  const { recorded } = container;
  return {
    Hostname: hostname,
    Domainname: recorded.domainname ?? '',
    User: recorded.user ?? '',
    Uid: process.uid,
    Gid: process.gid,
    ExposedPorts: Object.fromEntries(exposed.map((port) => [port, {}])),
    Tty: process.terminal,
    OpenStdin: recorded.stdin_open ?? false,
    Env: process.env,
    Cmd: container.command,
    Image: container.image,
    WorkingDir: process.cwd,
    Labels: container.labels,
    ...(recorded.stop_signal !== undefined && { StopSignal: recorded.stop_signal }),
    ...(recorded.stop_grace_period !== undefined && { StopTimeout: recorded.stop_grace_period / 1e9 }),
    ...(recorded.healthcheck && { Healthcheck: viewHealthcheck(recorded.healthcheck) }),
  };
}

/** Times in nanoseconds. */
function viewHealthcheck(check: NonNullable<ObservedContainer['recorded']['healthcheck']>) {
  return {
    Test: check.test ?? [],
    Interval: check.interval ?? 0,
    Timeout: check.timeout ?? 0,
    StartPeriod: check.start_period ?? 0,
    StartInterval: check.start_interval ?? 0,
    Retries: check.retries ?? 0,
  };
}

function viewNetworks({ container, endpoints, exposed, ports }: ContainerDetails) {
  const isUp = container.pid !== undefined;
  const [first] = endpoints.map(viewEndpoint);
  return {
    Ports: isUp ? viewPorts(ports, exposed) : {},
    IPAddress: first?.IPAddress ?? '',
    IPPrefixLen: first?.IPPrefixLen ?? 0,
    Gateway: first?.Gateway ?? '',
    MacAddress: first?.MacAddress ?? '',
    Networks: Object.fromEntries(endpoints.map((endpoint) => [endpoint.network, viewEndpoint(endpoint)])),
  };
}

/** `80/tcp` -> where it is published; null: nowhere. */
function viewPorts(ports: ContainerDetails['ports'], exposed: readonly string[]) {
  const bindings: Record<string, { HostIp: string; HostPort: string }[] | null> = {};
  for (const port of exposed) bindings[port] = null;
  for (const { address, port, protocol, target } of ports) {
    const key = `${target}/${protocol}`;
    bindings[key] = [...(bindings[key] ?? []), { HostIp: address, HostPort: String(port) }];
  }
  return bindings;
}

function viewEndpoint({ ipv4, ipv6, mac, names, networkId }: EndpointDetails) {
  return {
    Aliases: names,
    DNSNames: names,
    MacAddress: mac,
    NetworkID: networkId,
    Gateway: ipv4?.gateway ?? '',
    IPAddress: ipv4?.address ?? '',
    IPPrefixLen: ipv4?.prefixLength ?? 0,
    IPv6Gateway: ipv6?.gateway ?? '',
    GlobalIPv6Address: ipv6?.address ?? '',
    GlobalIPv6PrefixLen: ipv6?.prefixLength ?? 0,
  };
}
