// Machines to compute containers for: the files that a host shows, by kind of cgroup set-up.

import { formatCapabilityMask } from '../../../src/runtime/capabilities.ts';
import type { HostFacts } from '../../../src/runtime/container-input.ts';
import { observeHostFacts } from '../../../src/runtime/host-facts.ts';

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max open files            1024                 1048576              files
`;

const COMMON: Readonly<Record<string, string>> = {
  '/proc/self/limits': LIMITS,
  '/etc/resolv.conf': 'nameserver 10.0.0.53\nsearch lan\n',
  '/etc/hosts': '127.0.0.1 localhost\n192.0.2.1 machine\n',
  '/proc/net/if_inet6': '',
  '/proc/sys/kernel/osrelease': '6.1.0-13-amd64\n',
  '/sys/devices/system/cpu/possible': '0-1\n',
};

const V1_CONTROLLERS = ['cpuset', 'cpu,cpuacct', 'memory', 'devices', 'freezer', 'pids', 'blkio'];

/** Debian 9 to 10: v1 with systemd, our process in a login session. */
const V1: Readonly<Record<string, string>> = {
  '/proc/self/cgroup': [
    ...V1_CONTROLLERS.map((names, index) => `${index + 2}:${names}:${index < 2 ? '/' : '/user.slice'}`),
    '1:name=systemd:/user.slice/user-0.slice/session-1.scope',
  ].join('\n'),
  '/proc/self/mountinfo': [...V1_CONTROLLERS, 'name=systemd']
    .map((names, index) => {
      const mount = `/sys/fs/cgroup/${names.replace('name=', '')}`;
      return `${30 + index} 25 0:${30 + index} / ${mount} rw,nosuid shared:${index} - cgroup cgroup rw,${names}`;
    })
    .join('\n'),
  '/sys/fs/cgroup/cpu,cpuacct/cpu.rt_period_us': '1000000\n',
  '/sys/fs/cgroup/cpu,cpuacct/cpu.rt_runtime_us': '950000\n',
};

/** v1 controllers each on its own, and a v2 hierarchy without any that matters. */
const HYBRID: Readonly<Record<string, string>> = {
  '/proc/self/cgroup': '4:memory:/jobs/1\n3:freezer:/\n2:devices:/\n1:pids:/\n0::/\n',
  '/proc/self/mountinfo': [
    '34 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
    '35 31 0:33 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices',
    '36 31 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer',
    '37 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids',
    '38 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw',
  ].join('\n'),
  '/sys/fs/cgroup/unified/cgroup.controllers': 'hugetlb\n',
};

/** Today's: v2 only, our process in a login session. */
const V2: Readonly<Record<string, string>> = {
  '/proc/self/cgroup': '0::/user.slice/user-0.slice/session-1.scope\n',
  '/proc/self/mountinfo': '31 25 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate',
  '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory hugetlb pids rdma misc\n',
};

const FILES = { v1: V1, hybrid: HYBRID, v2: V2, none: {} };
export type HostKind = keyof typeof FILES;

export function describeHost(kind: HostKind, extra: Readonly<Record<string, string>> = {}): HostFacts {
  const files: Readonly<Record<string, string>> = { ...COMMON, ...FILES[kind], ...extra };
  return observeHostFacts({
    read: (path) => files[path],
    architecture: 'x64',
    hostname: 'machine',
    // All but CAP_SYS_RESOURCE.
    effectiveCapabilities: () => formatCapabilityMask(((1n << 41n) - 1n) & ~(1n << 24n)),
  });
}
