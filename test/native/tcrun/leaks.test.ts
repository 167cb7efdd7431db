import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive, native, Sandbox, type Start, until } from './sandbox.ts';

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox.dispose());

/** Everything of this instance that the kernel still holds. */
function leftovers(): Record<string, string[]> {
  const read = (path: string) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  };
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isAlive(Number(name)));
  return {
    processes: pids.filter((pid) => read(`/proc/${pid}/cmdline`).includes(sandbox.directory)),
    mounts: sandbox.mounts(),
    mountsElsewhere: pids.filter((pid) => read(`/proc/${pid}/mountinfo`).includes(sandbox.directory)),
    cgroups: sandbox.cgroups(),
    sockets: read('/proc/net/unix')
      .split('\n')
      .filter((line) => line.includes(sandbox.directory)),
  };
}

const NOTHING = { processes: [], mounts: [], mountsElsewhere: [], cgroups: [], sockets: [] };

/** A monitor's lock is free a little before the kernel has reaped all that died with it. */
async function expectNothingLeft(what?: string): Promise<void> {
  const isNothing = () => Object.values(leftovers()).every((found) => found.length === 0);
  await until(isNothing, 'nothing to be left').catch(() => expect(leftovers(), what).toEqual(NOTHING));
}

const BUSY: Start = {
  service: {
    init: true,
    user: 'app',
    tmpfs: ['/tmp'],
    healthcheck: { test: ['CMD', 'true'], interval: 10_000_000, timeout: 1_000_000_000, retries: 1 },
  },
  monitor: (spec) => ({ ...spec, network: { ...spec.network, dns: { upstreams: [] } } }),
};

describe('nothing is left of a container', () => {
  it('that was stopped, with execs and probes under way', async () => {
    const container = await sandbox.run('sleep 1006 & exec sleep 1007', BUSY);
    const netns = readlinkSync(`/proc/${container.pid}/ns/net`);
    await container.reached(({ health }) => health?.status === 'healthy');
    const control = container.control();
    const { read, write } = native.pipe();
    const process = { args: ['sleep', '1008'], env: ['PATH=/bin'], cwd: '/', terminal: false };
    for (let i = 0; i < 5; i++) control.send({ op: 'exec', process }, [read, write, write]);
    await container.stop({ graceMs: 0 });
    control.close();
    for (const fd of [read, write]) native.close(fd);
    await expectNothingLeft();
    await until(
      () =>
        readdirSync('/proc')
          .filter((name) => /^\d+$/.test(name))
          .every((pid) => namespaceOf(pid) !== netns),
      'the network namespace to be free of processes',
    );
  });

  it('whose start failed at any step', async () => {
    const failures: Start[] = [
      { service: { command: ['nothing'] } },
      { service: { command: ['/etc/passwd'], init: true } },
      { monitor: (spec) => ({ ...spec, user: 'stranger' }) },
      { service: { working_dir: '/proc/self/fd/3' } },
      { binds: [{ source: '/not/there', target: '/data', readOnly: false }] },
      { layers: ['/not/there'] },
      { config: (config) => ({ ...config, linux: { ...config.linux, sysctl: { 'kernel.panic': '1' } } }) },
      { monitor: (spec) => ({ ...spec, seccomp: { filter: 'AAAAAAAAAAA=' } }) },
      {
        monitor: (spec) => ({
          ...spec,
          cgroup: {
            ...spec.cgroup,
            writes: [{ file: '/not/there', value: '1', setting: 'x', required: true }],
          },
        }),
      },
      { monitor: (spec) => ({ ...spec, log: { ...spec.log, path: '/not/there/log' } }) },
      {
        network: {
          mode: 'join',
          joinControl: join(sandbox.directory, 'nobody/ctl'),
          joinBundle: sandbox.directory,
        },
      },
      { monitor: (spec) => ({ ...spec, version: 2 }) },
      { monitor: (spec) => ({ ...spec, id: 'x' }) },
      { config: (config) => ({ ...config, process: { ...config.process, args: [] } }) },
    ];
    for (const failure of failures) {
      const container = sandbox.prepare('true', { ...BUSY, ...failure });
      const error = await container.start().then(
        () => undefined,
        (reason) => reason,
      );
      expect(error, JSON.stringify(failure)).toMatchObject({
        step: expect.stringMatching(/./),
        errno: expect.stringMatching(/^E/),
      });
      expect(error.message).toMatch(/./);
      await lockIsFree(container.bundle);
      await expectNothingLeft(JSON.stringify(failure));
    }
  });

  it('whose monitor was killed while it started', async () => {
    for (let delay = 0; delay < 12; delay++) {
      const container = sandbox.prepare('exec sleep 1009', BUSY);
      const starting = container.start().catch(() => {});
      for (let i = 0; i < delay; i++) await new Promise(setImmediate);
      await until(() => monitorOf(container.bundle) !== undefined || container.monitorPid > 0, 'the monitor');
      const pid = container.monitorPid || monitorOf(container.bundle);
      if (pid) process.kill(pid, 'SIGKILL');
      await starting;
      // It may have been the launcher that was hit, too late to matter.
      await container.kill();
      await lockIsFree(container.bundle);
      await until(() => leftovers()['processes']?.length === 0, 'its processes to die');
    }
  });
});

function namespaceOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return '';
  }
}

function monitorOf(bundle: string): number | undefined {
  const found = readdirSync('/proc').find((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`sealed-monitor\0${bundle}`);
    } catch {
      return false;
    }
  });
  return found ? Number(found) : undefined;
}

async function lockIsFree(bundle: string): Promise<void> {
  const lock = native.openDirectory(bundle);
  await native.lock(lock, 'exclusive', true);
  native.close(lock);
}
