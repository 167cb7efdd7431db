import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadNative } from '../../../src/runtime/native.ts';

const native = loadNative();
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tcompose-process-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A shell script in the place of tcrun. */
function standIn(body: string): string {
  const path = join(directory, 'tcrun');
  writeFileSync(path, `#!/bin/bash\n${body}\n`, { mode: 0o755 });
  return path;
}

const started = `echo '{"v":1,"started":{"monitorPid":812,"pid":815}}' >&3`;

function start(executable: string, extra: { sockets?: number[]; networkNamespace?: number } = {}) {
  const lock = native.openDirectory(directory);
  return native
    .spawnMonitor({ executable, bundle: directory, lock, sockets: [], ...extra })
    .finally(() => native.close(lock));
}

function children(): string[] {
  return readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean);
}

describe('spawnMonitor', () => {
  it('resolves with what the monitor says and reaps the launcher', async () => {
    const before = children();
    const executable = standIn(`${started}; echo "$@" > ${directory}/argv`);
    expect(await start(executable)).toEqual({ monitorPid: 812, pid: 815, warnings: [] });
    expect(children()).toEqual(before);
    expect(readFileSync(join(directory, 'argv'), 'utf8')).toBe(`sealed-monitor ${directory} 0\n`);
  });

  it('executes a view that nobody can write to or make writable', async () => {
    const executable = standIn(
      `exec 2> ${directory}/refusals
       echo more >> "$0"; mount -o remount,bind,rw "$0" 2> /dev/null; echo more >> "$0"; ${started}`,
    );
    const before = readFileSync(executable, 'utf8');
    await start(executable);
    const refusals = readFileSync(join(directory, 'refusals'), 'utf8').trim().split('\n');
    expect(refusals).toEqual([
      expect.stringMatching(/Read-only file system/),
      expect.stringMatching(/Read-only file system/),
    ]);
    expect(readFileSync(executable, 'utf8')).toBe(before);
  });

  it('gives exactly the descriptors of the protocol, in order, and nothing else', async () => {
    const { read, write } = native.pipe();
    const stray = native.pipe();
    const executable = standIn(
      `ls -l /proc/$$/fd > ${directory}/fds
       echo "$@" > ${directory}/argv; env > ${directory}/env; ${started}`,
    );
    await start(executable, { sockets: [write, read], networkNamespace: stray.read });
    const listing = readFileSync(join(directory, 'fds'), 'utf8');
    const targets = Object.fromEntries(
      [...listing.matchAll(/(\d+) -> (.*)/g)].map(([, fd, target]) => [fd, target]),
    );
    const link = (fd: number) =>
      execFileSync('readlink', [`/proc/${process.pid}/fd/${fd}`], { encoding: 'utf8' }).trim();
    // 255 is bash's own copy of its script.
    delete targets['255'];
    expect(targets).toEqual({
      0: '/dev/null',
      1: '/dev/null',
      2: '/dev/null',
      3: expect.stringMatching(/^socket:/),
      4: directory,
      5: link(write),
      6: link(read),
      7: link(stray.read),
    });
    expect(readFileSync(join(directory, 'argv'), 'utf8')).toBe(`sealed-monitor ${directory} 2 --netns\n`);
    expect(readFileSync(join(directory, 'env'), 'utf8')).not.toMatch(/^(HOME|PATH=.*node|VITEST)/m);
    for (const fd of [read, write, stray.read, stray.write]) native.close(fd);
  });

  it('starts it with default signals, in a session of its own', async () => {
    const executable = standIn(
      `cat /proc/self/status > ${directory}/status; cat /proc/$$/stat > ${directory}/stat; ${started}`,
    );
    await start(executable);
    const status = readFileSync(join(directory, 'status'), 'utf8');
    expect(status).toMatch(/^SigBlk:\t0+$/m);
    expect(status).toMatch(/^SigIgn:\t0+$/m);
    const stat = readFileSync(join(directory, 'stat'), 'utf8').split(' ');
    expect(stat[5]).toBe(stat[0]);
  });

  it('hands the lock over', async () => {
    const executable = standIn(`(exec 1>&- ; read < ${directory}/end) & ${started}`);
    execFileSync('mkfifo', [join(directory, 'end')]);
    const lock = native.openDirectory(directory);
    expect(native.tryLock(lock, 'exclusive')).toBe(true);
    await native.spawnMonitor({ executable, bundle: directory, lock, sockets: [] });
    native.close(lock);
    const other = native.openDirectory(directory);
    expect(native.tryLock(other, 'exclusive')).toBe(false);
    const waiting = native.lock(other, 'exclusive', true);
    writeFileSync(join(directory, 'end'), '');
    expect(await waiting).toBe(true);
    native.close(other);
  });

  it('rejects with the step that failed', async () => {
    const executable = standIn(
      `echo '{"v":1,"failed":{"step":"exec","syscall":"execve","errno":"ENOENT","path":"/x","message":"no such command","exitCode":127}}' >&3`,
    );
    await expect(start(executable)).rejects.toMatchObject({
      step: 'exec',
      errno: 'ENOENT',
      path: '/x',
      exitCode: 127,
      message: 'no such command',
    });
  });

  it('rejects when the monitor is killed or cannot be executed', async () => {
    await expect(start(standIn('kill -9 $$'))).rejects.toMatchObject({ step: 'monitor', exitCode: 125 });
    const absent = join(directory, 'absent');
    await expect(async () => start(absent)).rejects.toMatchObject({ syscall: 'posix_spawn', path: absent });
  });

  it('waits for fifty at once without stopping the file operations of Node', async () => {
    execFileSync('mkfifo', [join(directory, 'gate')]);
    const executable = standIn(`read < ${directory}/gate; ${started}`);
    const all = Array.from({ length: 50 }, () => start(executable));
    expect(readdirSync(directory)).toContain('gate');
    const gate = await import('node:fs/promises').then((fs) => fs.open(join(directory, 'gate'), 'w'));
    await gate.write('\n'.repeat(50));
    expect(await Promise.all(all)).toHaveLength(50);
    await gate.close();
  });
});

/** Field 22 of /proc/PID/stat. */
function startTime(pid: number): number {
  return Number(
    readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')[19],
  );
}

async function sleeper(): Promise<ChildProcess & { pid: number }> {
  const child = spawn('sleep', ['1000']);
  await once(child, 'spawn');
  return child as ChildProcess & { pid: number };
}

describe('signalProcess', () => {
  it('signals the process that it means, and no other with the same pid', async () => {
    const child = await sleeper();
    const ended = once(child, 'exit');
    const since = startTime(child.pid);
    expect(native.signalProcess(child.pid, since + 1, 15)).toBe(false);
    expect(native.signalProcess(child.pid, since, 0)).toBe(true);
    expect(native.signalProcess(child.pid, since, 15)).toBe(true);
    expect(await ended).toEqual([null, 'SIGTERM']);
    expect(native.signalProcess(child.pid, since, 15)).toBe(false);
    expect(() => native.signalProcess(-1, 0, 15)).toThrowError(TypeError);
  });
});

describe('effectiveCapabilities', () => {
  it('agrees with /proc', () => {
    const mask = BigInt(`0x${/^CapEff:\t(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]}`);
    const names = native.effectiveCapabilities();
    expect(names).toHaveLength(mask.toString(2).replaceAll('0', '').length);
    expect(names.includes('CAP_SYS_ADMIN')).toBe(Boolean(mask & (1n << 21n)));
    expect(names.includes('CAP_SYS_RESOURCE')).toBe(Boolean(mask & (1n << 24n)));
  });
});

/** A v1 freezer cgroup or a v2 one, whichever the host has. */
function makeCgroup(): { directory: string; freezer?: string; unified?: string } {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  const freezer = mounts.find(
    (mount) => mount[2] === 'cgroup' && mount[3]?.split(',').includes('freezer'),
  )?.[1];
  const unified = mounts.find((mount) => mount[2] === 'cgroup2')?.[1];
  const name = `tcompose-test-${process.pid}`;
  const made = join(freezer ?? unified ?? '', name);
  mkdirSync(made);
  return freezer ? { directory: made, freezer: made } : { directory: made, unified: made };
}

describe('killCgroup', () => {
  it('kills all that is below, children cgroups and frozen processes included, and waits for it', async () => {
    const cgroup = makeCgroup();
    const nested = join(cgroup.directory, 'nested');
    mkdirSync(nested);
    const [first, second] = [await sleeper(), await sleeper()];
    const ends = Promise.all([once(first, 'exit'), once(second, 'exit')]);
    writeFileSync(join(cgroup.directory, 'cgroup.procs'), String(first.pid));
    writeFileSync(join(nested, 'cgroup.procs'), String(second.pid));
    if (cgroup.freezer) writeFileSync(join(cgroup.directory, 'freezer.state'), 'FROZEN');
    await native.killCgroup(cgroup.directory, cgroup.unified, cgroup.freezer);
    expect(readFileSync(join(cgroup.directory, 'cgroup.procs'), 'utf8')).toBe('');
    expect(await ends).toEqual([
      [null, 'SIGKILL'],
      [null, 'SIGKILL'],
    ]);
    rmdirSync(nested);
    rmdirSync(cgroup.directory);
  });

  it('finds nothing to do in a cgroup that is gone', async () => {
    await native.killCgroup('/sys/fs/cgroup/tcompose-absent', undefined, undefined);
    await expect(async () => native.killCgroup('relative', undefined, undefined)).rejects.toThrow(TypeError);
  });
});
