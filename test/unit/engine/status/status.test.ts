import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPaths, type InstancePaths } from '../../../../src/engine/instance/paths.ts';
import {
  type MonitorStatus,
  readContainerStatus,
  readStartTime,
  writeFirstStatus,
} from '../../../../src/engine/status/status.ts';

const id = 'a'.repeat(64);
let base: string;
let paths: InstancePaths;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'tcompose-status-'));
  paths = createPaths(join(base, 'root'), join(base, 'run'));
  mkdirSync(paths.container(id), { recursive: true });
  mkdirSync(paths.containerRun(id), { recursive: true });
});
afterEach(() => rmSync(base, { recursive: true }));

/** This process stands in for a monitor that lives. */
const alive = { monitorPid: process.pid, monitorStart: readStartTime(process.pid) ?? 0 };
const dead = { monitorPid: process.pid, monitorStart: 1 };
const write = (file: 'status' | 'last', status: Partial<MonitorStatus>) =>
  writeFileSync(
    join(file === 'status' ? paths.containerRun(id) : paths.container(id), file),
    JSON.stringify({ v: 1, id, ...status }),
  );
const read = () => readContainerStatus(paths, id);

describe('the status of a container', () => {
  it('is absent before it ever ran', () => {
    expect(read()).toEqual({ alive: false, lost: false });
  });

  it('is its monitor’s while that lives', () => {
    write('status', { state: 'running', ...alive });
    write('last', { state: 'exited', exitCode: 3 });
    expect(read()).toMatchObject({ alive: true, lost: false, status: { state: 'running' } });
  });

  it('is not believed from another boot, whatever process has the pid', () => {
    write('status', { state: 'running', ...alive, bootId: 'another' });
    expect(read()).toMatchObject({ alive: false, lost: true });
  });

  it('is the last will of a monitor that ended', () => {
    write('status', { state: 'running', ...dead, startedAt: 't1' });
    write('last', { state: 'exited', ...dead, startedAt: 't1', exitCode: 3 });
    expect(read()).toMatchObject({ alive: false, lost: false, status: { state: 'exited', exitCode: 3 } });
  });

  it('is lost when a monitor ended without one', () => {
    write('status', { state: 'running', ...dead, startedAt: 't2', pid: 1 });
    write('last', { state: 'exited', ...dead, startedAt: 't1', exitCode: 0 });
    expect(read()).toMatchObject({
      alive: false,
      lost: true,
      status: { state: 'exited', exitCode: 137, error: 'monitor lost' },
    });
  });

  it('is created until the monitor speaks, and after it failed to start what it said', () => {
    writeFirstStatus(paths, id);
    expect(read()).toMatchObject({ lost: false, status: { state: 'created' } });
    write('last', { state: 'exited', exitCode: 127, error: 'no such command', finishedAt: 't1' });
    expect(read()).toMatchObject({ lost: false, status: { exitCode: 127 } });
  });

  it('after a reboot is told by the overlay that the kernel left', () => {
    rmSync(paths.containerRun(id), { recursive: true });
    mkdirSync(join(paths.container(id), 'work/work'), { recursive: true });
    expect(read()).toMatchObject({ lost: true, status: { exitCode: 137, error: 'host went down' } });
    write('last', { state: 'exited', exitCode: 0 });
    expect(read()).toMatchObject({ lost: false, status: { exitCode: 0 } });
  });
});
