// What a container's configuration depends on outside its project: read once per command, a snapshot.

import { observeCgroups, type ReadText } from './cgroup-layout.ts';
import type { HostFacts } from './container-input.ts';
import { parseResolverConfig } from './resolver-config.ts';
import { parseHostLimits } from './rlimits.ts';

export interface HostPort {
  readonly read: ReadText;
  /** `process.arch` */
  readonly architecture: string;
  /** `os.hostname()` */
  readonly hostname: string;
  effectiveCapabilities(): readonly string[];
}

/** systemd-resolved shows programs a stub on 127.0.0.53; the servers behind it are here. */
const UPSTREAM_RESOLVERS = '/run/systemd/resolve/resolv.conf';
const STUB = '127.0.0.53';

export function observeHostFacts(port: HostPort): HostFacts {
  const { read } = port;
  const limits = parseHostLimits(read('/proc/self/limits') ?? '');
  return {
    cgroups: observeCgroups(read),
    capabilities: port.effectiveCapabilities(),
    architecture: port.architecture === 'arm64' ? 'aarch64' : 'x86_64',
    hostname: port.hostname,
    kernel: (read('/proc/sys/kernel/osrelease') ?? '').trim(),
    hosts: read('/etc/hosts') ?? '',
    resolver: observeResolver(read),
    hasIpv6: read('/proc/net/if_inet6') !== undefined,
    hasApparmor: (read('/sys/module/apparmor/parameters/enabled') ?? '').startsWith('Y'),
    hasSelinux: read('/sys/fs/selinux/enforce') !== undefined,
    cpus: parseCpuList(read('/sys/devices/system/cpu/possible') ?? ''),
    limits,
  };
}

function observeResolver(read: ReadText) {
  const own = parseResolverConfig(read('/etc/resolv.conf') ?? '');
  const upstream = own.nameservers.every((address) => address === STUB) && read(UPSTREAM_RESOLVERS);
  return upstream ? parseResolverConfig(upstream) : own;
}

/** `0-3,8` -> [0, 1, 2, 3, 8] */
export function parseCpuList(text: string): readonly number[] {
  return text
    .trim()
    .split(',')
    .filter(Boolean)
    .flatMap((part) => {
      const [first = 0, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}
