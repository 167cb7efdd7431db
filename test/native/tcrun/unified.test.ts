// What cgroup v2 does alone: on a host with v1 hierarchies the v2 one is there as well, without controllers, and it is
// told here to do what it does where there is no other. (Devices: test/native/runtime/settings.test.ts.)

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MonitorSpec } from '../../../src/runtime/monitor-spec.ts';
import { native, readCommand, Sandbox, until } from './sandbox.ts';

const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
const unified = mounts.find((line) => line.includes(' - cgroup2 '))?.split(' ')[4];

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox.dispose());

/** Without the v1 freezer; processes are counted in the v2 cgroup. */
function onlyUnified(spec: MonitorSpec): MonitorSpec {
  const { freezer: _, unified: own = '', ...cgroup } = spec.cgroup;
  return { ...spec, cgroup: { ...cgroup, unified: own, procs: own } };
}

/** Others may have got the number meanwhile. */
const isAlive = (pid: number) => readCommand(pid) === 'sleep\x001009\x00';

describe.runIf(unified !== undefined)('on cgroup v2 (skipped on a host without it)', () => {
  it('a container is frozen and let go on', async () => {
    const script = 'i=0; while :; do i=$((i+1)); echo $i > /count; sleep 0.02; done';
    const container = await sandbox.run(script, { monitor: onlyUnified });
    const count = () => Number(readFileSync(`/proc/${container.pid}/root/count`, 'utf8'));
    await until(() => existsSync(`/proc/${container.pid}/root/count`) && count() > 2, 'the service to count');
    const directory = container.computed.monitor.cgroup.unified ?? '';
    const events = () => readFileSync(join(directory, 'cgroup.events'), 'utf8');
    const control = container.control();
    expect((await control.request({ op: 'pause' })).message).toEqual({ ok: true });
    expect(events()).toContain('frozen 1');
    expect(readFileSync(join(directory, 'cgroup.procs'), 'utf8')).toContain(`${container.pid}\n`);
    const held = count();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(count()).toBe(held);
    expect((await control.request({ op: 'unpause' })).message).toEqual({ ok: true });
    expect(events()).toContain('frozen 0');
    await until(() => count() > held, 'the service to count on');
    // A frozen one can be stopped.
    await control.request({ op: 'pause' });
    control.close();
    expect(await container.stop({ graceMs: 0 })).toMatchObject({ state: 'exited', exitCode: 137 });
    expect(existsSync(directory)).toBe(false);
  });

  it('all processes of a container without a pid namespace of its own end with it, at each of its ends', async () => {
    const container = await sandbox.run('for i in 1 2 3; do sleep 1009 & echo $!; done; sleep 0.2; exit 3', {
      service: { pid: 'host', restart: 'on-failure:2' },
      monitor: onlyUnified,
    });
    expect(await container.ended()).toMatchObject({ restartCount: 2, exitCode: 3 });
    const pids = container.output().trim().split('\n').map(Number);
    expect(pids).toHaveLength(9);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(container.computed.monitor.cgroup.unified ?? '')).toBe(false);
  });

  it.each([false, true])('a cgroup is emptied (frozen: %s)', async (isFrozen) => {
    const directory = join(unified ?? '', `tcompose-test-${sandbox.instance}-${isFrozen}`);
    mkdirSync(directory);
    try {
      const script = `echo $$ > ${directory}/cgroup.procs; for i in 1 2 3; do sleep 1010 & done; echo ready; wait`;
      const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal)));
      await new Promise((resolve) => child.stdout.once('data', resolve));
      if (isFrozen) writeFileSync(join(directory, 'cgroup.freeze'), '1');
      await native.killCgroup(directory, directory, undefined);
      expect(readFileSync(join(directory, 'cgroup.procs'), 'utf8')).toBe('');
      expect(await ended).toBe('SIGKILL');
    } finally {
      rmdirSync(directory);
    }
  });
});
