// Limits of a service, as the kernel has them.

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostDevices } from '../../../src/engine/container/host-devices.ts';
import type { ServiceConfig } from '../../../src/project/service-config.ts';
import { observeDisks } from '../../../src/runtime/devices.ts';
import { type Container, Sandbox } from '../tcrun/sandbox.ts';

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox.dispose());

/** The text of a file of the container's cgroup; undefined where the host does not have the controller. */
function readLimit(container: Container, file: string): string | undefined {
  const { directories } = container.computed.monitor.cgroup;
  const found = directories
    .filter((path) => path.endsWith(container.id))
    .map((path) => join(path, file))
    .find(existsSync);
  return found && readFileSync(found, 'utf8').trim();
}

async function withContainer(
  service: Partial<ServiceConfig>,
  check: (container: Container) => void,
): Promise<void> {
  const disks = observeDisks({ name: 'test', ...service }, hostDevices);
  const container = await sandbox.run('exec sleep 1000', { service, disks });
  try {
    expect(container.status().warnings).toEqual([]);
    check(container);
  } finally {
    await container.stop({ graceMs: 0 });
  }
}

const hasV1 = (controller: string) => existsSync(join('/sys/fs/cgroup', controller, 'tasks'));

describe('the kernel has', () => {
  it('quota and period of processor time', async () => {
    await withContainer({ cpu_quota: 20_000, cpu_period: 40_000 }, (container) => {
      const v1 = [readLimit(container, 'cpu.cfs_quota_us'), readLimit(container, 'cpu.cfs_period_us')];
      expect(readLimit(container, 'cpu.max') ?? v1.join(' ')).toBe('20000 40000');
    });
    await withContainer({ cpu_period: 40_000 }, (container) => {
      const v1 = [readLimit(container, 'cpu.cfs_quota_us'), readLimit(container, 'cpu.cfs_period_us')];
      expect(readLimit(container, 'cpu.max') ?? v1.join(' ')).toMatch(/^(-1|max) 40000$/);
    });
  });

  it('the processors', async () => {
    await withContainer({ cpuset: '0' }, (container) => {
      expect(readFileSync(`/proc/${container.pid}/status`, 'utf8')).toMatch(/^Cpus_allowed_list:\t0$/m);
    });
  });

  it('reservation and swap beside the memory', async () => {
    const service = { mem_limit: 64 << 20, mem_reservation: 32 << 20, memswap_limit: 96 << 20 };
    await withContainer(service, (container) => {
      const reserved =
        readLimit(container, 'memory.soft_limit_in_bytes') ?? readLimit(container, 'memory.low');
      expect(reserved).toBe(String(32 << 20));
      const v1 = readLimit(container, 'memory.memsw.limit_in_bytes');
      expect(v1 ?? readLimit(container, 'memory.swap.max')).toBe(String((v1 ? 96 : 32) << 20));
    });
  });

  it.runIf(hasV1('memory'))('what only cgroup v1 knows: swappiness and no OOM killer', async () => {
    const service = { mem_limit: 64 << 20, mem_swappiness: 10, oom_kill_disable: true };
    await withContainer(service, (container) => {
      expect(readLimit(container, 'memory.swappiness')).toBe('10');
      expect(readLimit(container, 'memory.oom_control')).toMatch(/^oom_kill_disable 1$/m);
    });
  });

  it.runIf(existsSync('/sys/fs/cgroup/cpu/cpu.rt_runtime_us'))('real-time budgets', async () => {
    await withContainer({ cpu_rt_period: 500_000, cpu_rt_runtime: 10_000 }, (container) => {
      expect(readLimit(container, 'cpu.rt_period_us')).toBe('500000');
      expect(readLimit(container, 'cpu.rt_runtime_us')).toBe('10000');
    });
  });

  it.runIf(hasV1('blkio') && existsSync('/dev/vda'))('rates and weights of disks', async () => {
    const service = {
      blkio_config: {
        weight: 200,
        device_read_bps: [{ path: '/dev/vda', rate: 1 << 20 }],
        device_write_iops: [{ path: '/dev/vda', rate: 100 }],
      },
    };
    const { '/dev/vda': numbers } = observeDisks({ name: 'test', ...service }, hostDevices);
    await withContainer(service, (container) => {
      expect(readLimit(container, 'blkio.throttle.read_bps_device')).toBe(`${numbers} ${1 << 20}`);
      expect(readLimit(container, 'blkio.throttle.write_iops_device')).toBe(`${numbers} 100`);
      expect(readLimit(container, 'blkio.bfq.weight') ?? readLimit(container, 'blkio.weight')).toBe('200');
    });
  });
});

describe('cgroup_parent', () => {
  /** Where a hierarchy is mounted, by a directory of the container in it. */
  const roots = (container: Container) =>
    (container.computed.monitor.cgroup.parents ?? []).filter((path) => basename(path) === parent);
  const parent = `test-parent-${process.pid}`;

  it('holds the container, is made where it is missing, and stays', async () => {
    let made: string[] = [];
    await withContainer({ cgroup_parent: `/${parent}/night`, cpuset: '0' }, (container) => {
      made = roots(container);
      const seen = readFileSync(`/proc/${container.pid}/cgroup`, 'utf8');
      expect(seen).toContain(`/${parent}/night/tcompose-${sandbox.instance}/${container.id}`);
    });
    expect(made.length).toBeGreaterThan(0);
    for (const path of made) {
      expect(existsSync(join(path, 'night'))).toBe(true);
      expect(existsSync(join(path, 'night', `tcompose-${sandbox.instance}`))).toBe(false);
      rmdirSync(join(path, 'night'));
      rmdirSync(path);
    }
  });

  it.runIf(hasV1('cpuset') && hasV1('pids'))('keeps what the host set there', async () => {
    const cpuset = join('/sys/fs/cgroup/cpuset', parent);
    const pids = join('/sys/fs/cgroup/pids', parent);
    for (const path of [cpuset, pids]) mkdirSync(path);
    writeFileSync(join(cpuset, 'cpuset.cpus'), '1');
    writeFileSync(join(cpuset, 'cpuset.mems'), '0');
    writeFileSync(join(pids, 'pids.max'), '77');
    let made: string[] = [];
    await withContainer({ cgroup_parent: parent }, (container) => {
      made = roots(container);
      expect(readFileSync(`/proc/${container.pid}/status`, 'utf8')).toMatch(/^Cpus_allowed_list:\t1$/m);
    });
    expect(readFileSync(join(cpuset, 'cpuset.cpus'), 'utf8')).toBe('1\n');
    expect(readFileSync(join(pids, 'pids.max'), 'utf8')).toBe('77\n');
    for (const path of made) rmdirSync(path);
  });
});
