import { describe, expect, it } from 'vitest';
import { parseCpuList } from '../../../src/runtime/host-facts.ts';
import { describeHost } from './hosts.ts';

describe('observeHostFacts', () => {
  it('finds v1 hierarchies by controller and where we stand in them', () => {
    const { cgroups } = describeHost('v1');
    expect(cgroups.unified).toBeUndefined();
    expect(cgroups.v1).toContainEqual({
      controllers: ['cpu', 'cpuacct'],
      mount: '/sys/fs/cgroup/cpu,cpuacct',
      own: '/',
    });
    expect(cgroups.v1).toContainEqual({
      controllers: ['name=systemd'],
      mount: '/sys/fs/cgroup/systemd',
      own: '/user.slice/user-0.slice/session-1.scope',
    });
    expect(cgroups.realtime).toEqual({ period: '1000000', runtime: '950000' });
  });

  it('finds the v2 hierarchy beside them', () => {
    const { cgroups } = describeHost('hybrid');
    expect(cgroups.v1.map(({ controllers }) => controllers[0]).sort()).toEqual([
      'devices',
      'freezer',
      'memory',
      'pids',
    ]);
    expect(cgroups.unified).toEqual({
      mount: '/sys/fs/cgroup/unified',
      own: '/',
      controllers: ['hugetlb'],
      isKernelRoot: true,
    });
  });

  it('tells the root of the kernel from the root of a container', () => {
    const inside = describeHost('v2', {
      '/sys/fs/cgroup/cgroup.type': 'domain\n',
      '/proc/self/cgroup': '0::/docker/abc/init\n',
      '/proc/self/mountinfo': '31 25 0:27 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw',
    });
    expect(inside.cgroups.unified).toMatchObject({ isKernelRoot: false, own: '/init' });
    expect(describeHost('v2').cgroups.unified?.isKernelRoot).toBe(true);
  });

  it('decodes mount points', () => {
    const { cgroups } = describeHost('none', {
      '/proc/self/cgroup': '0::/\n',
      '/proc/self/mountinfo': '31 25 0:27 / /mnt/my\\040cgroups rw - cgroup2 none rw',
    });
    expect(cgroups.unified?.mount).toBe('/mnt/my cgroups');
  });

  it("looks behind systemd's stub resolver", () => {
    const stub = { '/etc/resolv.conf': 'nameserver 127.0.0.53\n' };
    expect(describeHost('v2', stub).resolver.nameservers).toEqual(['127.0.0.53']);
    const behind = { ...stub, '/run/systemd/resolve/resolv.conf': 'nameserver 192.0.2.53\nsearch corp\n' };
    expect(describeHost('v2', behind).resolver).toMatchObject({
      nameservers: ['192.0.2.53'],
      search: ['corp'],
    });
  });

  it('says whether there is IPv6', () => {
    expect(describeHost('v2').hasIpv6).toBe(true);
  });
});

it('parseCpuList reads ranges', () => {
  expect(parseCpuList('0-3,8,10-11\n')).toEqual([0, 1, 2, 3, 8, 10, 11]);
  expect(parseCpuList('')).toEqual([]);
});
