// Namespaces of the host and of other containers, seen from inside.

import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceConfig } from '../../../src/project/service-config.ts';
import type { NamespaceJoin, SharedType } from '../../../src/runtime/namespaces.ts';
import { type Container, Sandbox, type Start } from '../tcrun/sandbox.ts';

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox.dispose());

const namespaceOf = (container: Container, type: SharedType) =>
  readlinkSync(`/proc/${container.pid}/ns/${type}`);

/** What a service needs to stand in the namespaces of `source`. */
function sharing(source: Container, ...types: SharedType[]): Start {
  const joins: NamespaceJoin[] = types.map((type) => ({
    type,
    control: join(source.runDir, 'ctl'),
    hostname: 'source',
  }));
  const service = Object.fromEntries(types.map((type) => [type, 'service:source']));
  return { joins, service: service as Partial<ServiceConfig> };
}

async function withSource(check: (source: Container) => Promise<void>, service = {}): Promise<void> {
  // Up when its sleep is one, and no longer a copy of the shell.
  const script = 'sleep 1000 & until grep -qx sleep /proc/$!/comm; do :; done; echo up; wait';
  const source = await sandbox.run(script, { service: { hostname: 'source', ...service } });
  await source.logged('up');
  try {
    await check(source);
  } finally {
    await source.kill();
  }
}

describe('pid: service:NAME', () => {
  it('shows the processes of the other container, and signals reach them', async () => {
    await withSource(async (source) => {
      const { joins, service } = sharing(source, 'pid');
      const shared = join(sandbox.directory, 'shared');
      mkdirSync(shared);
      const container = await sandbox.run(
        'exec 2>&1; cat /proc/1/environ | tr "\\0" "\\n" | grep HOSTNAME; grep -l sleep /proc/[0-9]*/comm | wc -l; mount | grep "^proc on /proc type"; echo x > /proc/sys/kernel/core_pattern; wc -c < /proc/keys; until [ -e /shared/go ]; do sleep 0.01; done; kill -TERM $(grep -lx sleep /proc/[0-9]*/comm | cut -d/ -f3); exec sleep 1000',
        { joins, service, binds: [{ source: shared, target: '/shared', readOnly: true }] },
      );
      await container.logged('\n0\n');
      expect(namespaceOf(container, 'pid')).toBe(namespaceOf(source, 'pid'));
      expect(readlinkSync(`/proc/${container.pid}/ns/mnt`)).not.toBe(
        readlinkSync(`/proc/${source.pid}/ns/mnt`),
      );
      expect(container.output().split('\n').slice(0, 5)).toEqual([
        'HOSTNAME=source',
        '1',
        'proc on /proc type proc (rw,nosuid,nodev,noexec,relatime)',
        "sh: can't create /proc/sys/kernel/core_pattern: Read-only file system",
        '0',
      ]);
      writeFileSync(join(shared, 'go'), '');
      // Its shell waited for the sleep that was killed.
      await source.ended();
      // Without the first process of its pid namespace it cannot be, either.
      expect(await container.ended()).toMatchObject({ exitCode: 137, signal: 9 });
    });
  });

  it('works with a terminal, exec and a user', async () => {
    await withSource(async (source) => {
      const { joins, service } = sharing(source, 'pid');
      const container = await sandbox.run('id -u; test -t 0 && echo terminal; exec sleep 1000', {
        joins,
        service: { ...service, tty: true, user: 'app' },
      });
      await container.logged('terminal');
      await container.became('sleep');
      expect(container.output()).toContain('1000');
      const control = container.control();
      const { message } = await control.request({
        op: 'exec',
        process: {
          args: ['sh', '-c', 'exit $(grep -l sleep /proc/[0-9]*/comm | wc -l)'],
          env: ['PATH=/bin'],
          cwd: '/',
          terminal: true,
          privileged: false,
        },
      });
      expect(message).toMatchObject({ ok: true });
      expect(await control.next()).toMatchObject({ event: 'exit', exitCode: 2 });
      control.close();
      expect(await container.stop({ graceMs: 0 })).toMatchObject({ exitCode: 143, stoppedBy: 'user' });
    });
  });

  it('gives the other container nothing to seize: the process that starts is not in there yet', async () => {
    const script = `echo up; while :; do for p in /proc/[0-9]*; do
      [ $p = /proc/1 ] || [ $p = /proc/self ] || for fd in $p/fd/*; do
        case $(readlink $fd 2>/dev/null) in /proc|/proc/*|*/containers/*) echo leaked $p $fd;; esac; done
      grep -q "^CapPrm:.*00003f\\|^CapPrm:.*1ff" $p/status 2>/dev/null && echo mighty $p; done; done`;
    const source = await sandbox.run(script, { service: { cap_add: ['SYS_PTRACE', 'SYS_ADMIN'] } });
    await source.logged('up');
    for (let i = 0; i < 10; i++) {
      const container = await sandbox.run('true', sharing(source, 'pid'));
      await container.ended();
    }
    expect(source.output()).toBe('up\n');
    await source.stop({ graceMs: 0 });
  });

  it('says so if the other container does not run', async () => {
    const source = await sandbox.run('true');
    await source.ended();
    const container = sandbox.prepare('true', sharing(source, 'pid'));
    await expect(container.start()).rejects.toMatchObject({ step: 'peer' });
    expect(existsSync(container.computed.monitor.cgroup.procs)).toBe(false);
  });

  it('is found again when both come back', async () => {
    const binds = [{ source: join(sandbox.directory, 'shared-twice'), target: '/shared', readOnly: false }];
    mkdirSync(binds[0]?.source ?? '');
    const source = await sandbox.run(
      'echo up; [ -e /shared/go ] && exec sleep 1000; until [ -e /shared/go ]; do sleep 0.01; done',
      { service: { restart: 'always' }, binds },
    );
    await source.logged('up');
    const { joins, service } = sharing(source, 'pid');
    const container = await sandbox.run('echo joined; exec sleep 1000', {
      joins,
      service: { ...service, restart: 'always' },
    });
    await container.logged('joined');
    writeFileSync(join(binds[0]?.source ?? '', 'go'), '');
    await container.reached(({ restartCount, state }) => restartCount >= 1 && state === 'running');
    await container.logged('joined\njoined');
    await container.stop({ graceMs: 0 });
    await source.stop({ graceMs: 0 });
  });
});

describe('pid: host', () => {
  it('comes back by its restart policy, and takes exec then', async () => {
    const container = await sandbox.run('[ -e /once ] && exec sleep 1000; touch /once; sleep 1000 & exit 1', {
      service: { pid: 'host', restart: 'on-failure' },
    });
    await container.reached(({ restartCount, state }) => restartCount >= 1 && state === 'running');
    const control = container.control();
    const process = { args: ['true'], env: ['PATH=/bin'], cwd: '/', terminal: true, privileged: false };
    expect((await control.request({ op: 'exec', process })).message).toMatchObject({ ok: true });
    expect(await control.next()).toMatchObject({ event: 'exit', exitCode: 0 });
    control.close();
    expect(container.status()).toMatchObject({ state: 'running', restartCount: 1 });
    await container.stop({ graceMs: 0 });
  });
});

describe('ipc: service:NAME', () => {
  it('shares queues, semaphores and /dev/shm', async () => {
    await withSource(async (source) => {
      const control = source.control();
      await control.request({
        op: 'exec',
        process: {
          args: ['sh', '-c', 'echo shared > /dev/shm/file'],
          env: ['PATH=/bin'],
          cwd: '/',
          terminal: true,
          privileged: false,
        },
      });
      await control.next();
      control.close();
      const container = await sandbox.run(
        'cat /dev/shm/file; echo back > /dev/shm/other; mount | grep -c " on /dev/shm "; exec sleep 1000',
        sharing(source, 'ipc'),
      );
      await container.logged('\n1\n');
      expect(container.output()).toBe('shared\n1\n');
      expect(namespaceOf(container, 'ipc')).toBe(namespaceOf(source, 'ipc'));
      expect(namespaceOf(container, 'pid')).not.toBe(namespaceOf(source, 'pid'));
      await container.stop({ graceMs: 0 });
    });
    expect(sandbox.mounts()).toEqual([]);
  });

  it('none has no shared memory', async () => {
    const container = await sandbox.run('ls /dev | grep -c shm; readlink /proc/self/ns/ipc', {
      service: { ipc: 'none' },
    });
    await container.ended();
    const [count, own] = container.output().split('\n');
    expect(count).toBe('0');
    expect(own).not.toBe(readlinkSync('/proc/self/ns/ipc'));
  });
});

describe('uts: service:NAME', () => {
  it('has the name of the other container', async () => {
    await withSource(async (source) => {
      const container = await sandbox.run('hostname; echo $HOSTNAME; cat /etc/hostname; exec sleep 1000', {
        ...sharing(source, 'uts'),
      });
      await container.logged('source\nsource\nsource\n');
      expect(namespaceOf(container, 'uts')).toBe(namespaceOf(source, 'uts'));
      await container.stop({ graceMs: 0 });
    });
  });
});

describe('all at once, and the host', () => {
  it('are as asked', async () => {
    await withSource(async (source) => {
      const container = await sandbox.run('exec sleep 1000', sharing(source, 'pid', 'ipc', 'uts'));
      for (const type of ['pid', 'ipc', 'uts'] as const)
        expect(namespaceOf(container, type)).toBe(namespaceOf(source, type));
      await container.stop({ graceMs: 0 });
    });
    const container = await sandbox.run('exec sleep 1000', {
      service: { pid: 'host', ipc: 'host', uts: 'host', cgroup: 'host' },
    });
    for (const type of ['pid', 'ipc', 'uts', 'cgroup'])
      expect(readlinkSync(`/proc/${container.pid}/ns/${type}`)).toBe(readlinkSync(`/proc/self/ns/${type}`));
    await container.stop({ graceMs: 0 });
  });
});

describe('cgroups', () => {
  it('are of its own in every hierarchy, so that none shows those of the host', async () => {
    const container = await sandbox.run('exec sleep 1000');
    const lines = readFileSync(`/proc/${container.pid}/cgroup`, 'utf8').trim().split('\n');
    expect(lines.filter((line) => !line.endsWith(`/${container.id}`))).toEqual([]);
    await container.stop({ graceMs: 0 });
  });

  it('are the only ones that may be written to where they may be, and go with those made below', async () => {
    const script = `for d in /sys/fs/cgroup /sys/fs/cgroup/*/; do
      [ -e $d/cgroup.procs ] && mkdir -p $d/made/below/it $d/made/beside
    done; echo done; exec sleep 1000`;
    const container = await sandbox.run(script, { service: { security_opt: ['writable-cgroups=true'] } });
    await container.logged('done\n');
    const { directories, unified } = container.computed.monitor.cgroup;
    const own = directories.filter((path) => path.endsWith(container.id));
    // A container of a host with v1 hierarchies is not shown v2's.
    const shown = own.length === 1 ? own : own.filter((path) => path !== unified);
    expect(shown.filter((path) => !existsSync(join(path, 'made/below/it')))).toEqual([]);
    expect(shown.filter((path) => existsSync(join(dirname(dirname(path)), 'made')))).toEqual([]);
    await container.stop({ graceMs: 0 });
    expect(own.filter(existsSync)).toEqual([]);
  });
});
