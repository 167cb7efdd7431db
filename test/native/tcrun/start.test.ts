import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive, readCommand, Sandbox, until } from './sandbox.ts';

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox.dispose());

describe('a container', () => {
  it('runs a command, keeps what it wrote, and tells how it ended', async () => {
    const container = await sandbox.run('echo out; echo err >&2; exit 3');
    const last = await container.ended();
    expect(last).toMatchObject({ state: 'exited', exitCode: 3, signal: 0, error: '', stoppedBy: '' });
    expect(container.output('stdout')).toBe('out\n');
    expect(container.output('stderr')).toBe('err\n');
  });

  it('reports a signal as 128 and its number', async () => {
    const killed = await sandbox.run('sleep 1000');
    process.kill(killed.pid, 'SIGKILL');
    expect(await killed.ended()).toMatchObject({ exitCode: 137, signal: 9, oomKilled: false });
  });

  it('answers with the host pids of monitor and first process', async () => {
    const container = await sandbox.run('exec sleep 1000');
    await container.became('sleep');
    expect(readCommand(container.pid)).toBe('sleep\x001000\0');
    expect(readFileSync(`/proc/${container.monitorPid}/comm`, 'utf8')).toBe('tcrun-monitor\n');
    expect(container.status()).toMatchObject({
      state: 'running',
      monitorPid: container.monitorPid,
      pid: container.pid,
    });
    await container.stop({ graceMs: 0 });
    expect(isAlive(container.pid)).toBe(false);
  });

  it('leaves no cgroup and no mount behind', async () => {
    const container = await sandbox.run('true');
    await container.ended();
    expect(sandbox.cgroups().filter((path) => path.includes(container.id))).toEqual([]);
    expect(sandbox.mounts()).toEqual([]);
  });

  it('dies with its monitor, whoever it runs as', async () => {
    const container = await sandbox.run('sleep 1001 & exec setsid sleep 1002', { service: { user: 'app' } });
    process.kill(container.monitorPid, 'SIGKILL');
    await until(() => !isAlive(container.pid), 'the container to die');
    const { procs } = container.computed.monitor.cgroup;
    await until(() => readFileSync(`${procs}/cgroup.procs`, 'utf8') === '', 'its cgroup to be empty');
  });

  it('stops by signal and grace', async () => {
    const polite = await sandbox.run('trap "exit 7" TERM; echo ready; while :; do sleep 0.05; done');
    await polite.logged('ready');
    expect(await polite.stop()).toMatchObject({ exitCode: 7, stoppedBy: 'user' });
    const stubborn = await sandbox.run('trap "" TERM; echo ready; while :; do sleep 0.05; done');
    await stubborn.logged('ready');
    expect(await stubborn.stop({ graceMs: 50 })).toMatchObject({ exitCode: 137, stoppedBy: 'user' });
    const host = await sandbox.run('trap "exit 7" TERM; echo ready; while :; do sleep 0.05; done');
    await host.logged('ready');
    process.kill(host.monitorPid, 'SIGTERM');
    expect(await host.ended()).toMatchObject({ exitCode: 7, stoppedBy: 'host' });
    expect(existsSync(host.runDir)).toBe(true);
  });
});

describe('a start that fails', () => {
  it.each([
    [['nothing-here'], 127],
    [['/bin/nothing-here'], 127],
    [['/etc/passwd'], 126],
    [['/tmp'], 126],
  ])('says why: %s', async (command, exitCode) => {
    const container = sandbox.prepare('', { service: { command } });
    await expect(container.start()).rejects.toMatchObject({ step: 'exec', exitCode });
    expect(container.last()).toMatchObject({ state: 'exited', exitCode });
    await container.ended();
    expect(sandbox.cgroups().filter((path) => path.includes(container.id))).toEqual([]);
  });
});
