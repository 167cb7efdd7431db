// Attributes of a service as the process inside and the kernel outside see them.

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostDevices } from '../../../src/engine/container/host-devices.ts';
import { readCdiSpecs } from '../../../src/engine/container/host-resources.ts';
import type { ServiceConfig } from '../../../src/project/service-config.ts';
import { resolveCdi } from '../../../src/runtime/cdi.ts';
import { compileDeviceFilter, DEFAULT_DEVICE_RULES } from '../../../src/runtime/device-rules.ts';
import { observeDevices } from '../../../src/runtime/devices.ts';
import { type Container, Sandbox, type Start } from '../tcrun/sandbox.ts';

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox.dispose());

async function run(script: string, service: Partial<ServiceConfig> = {}, start: Start = {}): Promise<string> {
  const container = await sandbox.run(script, { ...start, service: { ...start.service, ...service } });
  const last = await container.ended();
  expect(last.error).toBe('');
  return container.output();
}

/** The container's directory in the v1 hierarchy of a controller, or in v2. */
function cgroupOf(container: Container, controller: string): string {
  const { directories, unified } = container.computed.monitor.cgroup;
  const v1 = directories.find((path) => path.includes(`/${controller}/`) && path.endsWith(container.id));
  return v1 ?? unified ?? '';
}

const field = (status: string, name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1];

describe('credentials', () => {
  it("gives root Docker's capabilities, and another user none but the bounding set", async () => {
    const root = await run('cat /proc/self/status');
    expect(field(root, 'CapEff')).toBe('00000000a80425fb');
    expect(field(root, 'CapBnd')).toBe('00000000a80425fb');
    const app = await run('cat /proc/self/status', { user: 'app' });
    expect(field(app, 'CapEff')).toBe('0000000000000000');
    expect(field(app, 'CapPrm')).toBe('0000000000000000');
    expect(field(app, 'CapBnd')).toBe('00000000a80425fb');
    for (const status of [root, app]) {
      expect(field(status, 'CapInh')).toBe('0000000000000000');
      expect(field(status, 'CapAmb')).toBe('0000000000000000');
      expect(field(status, 'Seccomp')).toBe('2');
    }
  });

  it('drops, adds and forbids to gain', async () => {
    const status = await run('cat /proc/self/status', {
      cap_drop: ['ALL'],
      cap_add: ['NET_BIND_SERVICE'],
      security_opt: ['no-new-privileges:true'],
    });
    expect(field(status, 'CapBnd')).toBe('0000000000000400');
    expect(field(status, 'NoNewPrivs')).toBe('1');
  });

  it('has the groups of the user and those that were added', async () => {
    expect(await run('id', { user: 'app', group_add: ['extra', '77'] })).toBe(
      'uid=1000(app) gid=1000(app) groups=77,1000(app),2000(data),3000(extra)\n',
    );
    expect(await run('id; echo $HOME', { user: '1234:5678' })).toBe('uid=1234 gid=5678 groups=5678\n/\n');
    expect(await run('echo $HOME', { user: 'app' })).toBe('/home/app\n');
  });
});

describe('the file system', () => {
  it('has a tmpfs with the mode of the directory that it covers, and else one for all', async () => {
    mkdirSync(join(sandbox.image, 'private'));
    chmodSync(join(sandbox.image, 'private'), 0o2750);
    const output = await run('stat -c "%n %a" /private /t/new /private/said', {
      tmpfs: ['/private', '/t/new', '/private/said:mode=711'],
    });
    expect(output).toBe('/private 2750\n/t/new 1777\n/private/said 711\n');
  });

  it('is read-only where asked, but for tmpfs', async () => {
    const script =
      'touch /x 2>&1; touch /scratch/x && echo ok; touch /etc/hosts 2>&1; grep " /scratch " /proc/mounts';
    const output = await run(script, { read_only: true, tmpfs: ['/scratch:size=1m,mode=1770'] });
    expect(output).toMatch(
      /^touch: \/x: Read-only file system\nok\ntouch: \/etc\/hosts: Read-only file system\n/,
    );
    expect(output).toMatch(/tmpfs rw,nosuid,nodev,noexec,relatime,size=1024k,mode=1770/);
  });

  it('has shared memory of the size that was asked', async () => {
    expect(await run('df -k /dev/shm | tail -1')).toMatch(/^shm\s+65536 /);
    expect(await run('df -k /dev/shm | tail -1', { shm_size: 1048576 })).toMatch(/^shm\s+1024 /);
  });

  it('hides what tells of the host, and keeps /proc/sys read-only', async () => {
    const script = `cat /proc/kcore /proc/keys /proc/timer_list 2>/dev/null | wc -c; ls -A /sys/firmware /proc/acpi 2>/dev/null | grep -v : | wc -w
      (echo x > /proc/sys/kernel/core_pattern) 2>&1; (echo c > /proc/sysrq-trigger) 2>&1; (: > /sys/kernel/x) 2>&1`;
    const output = await run(script);
    expect(output).toMatch(/^0\n0\n/);
    expect(output.match(/Read-only file system/g)?.length).toBeGreaterThanOrEqual(2);
  });

  it('has the devices of Docker, and opens no other', async () => {
    const output = await run(
      'ls /dev; mknod /tmp/disk b 8 0 2>&1; mknod /tmp/mem c 1 1; head -c1 /tmp/mem 2>&1',
    );
    for (const name of [
      'null',
      'zero',
      'full',
      'random',
      'urandom',
      'tty',
      'ptmx',
      'pts',
      'shm',
      'mqueue',
      'fd',
      'stdin',
    ]) {
      expect(output).toMatch(new RegExp(`^${name}$`, 'm'));
    }
    expect(output).toMatch(/\/tmp\/mem: Operation not permitted/);
  });
});

describe('devices', () => {
  it('are there, with the owner and the access that they have on the host, where they are asked for', async () => {
    const node = join(sandbox.directory, 'disk');
    execFileSync('sh', ['-c', `mknod ${node} b 7 0 && chown 0:6 ${node} && chmod 640 ${node}`]);
    const service = { devices: [{ source: node, target: '/dev/disk/first', permissions: 'r' }] };
    const devices = observeDevices({ ...service, name: 'test' }, hostDevices);
    const script =
      'stat -c "%F %t:%T %a %u:%g" /dev/disk/first; head -c1 /dev/disk/first && echo ok; echo > /dev/disk/first';
    expect(await run(`(${script}) 2>&1`, service, { devices })).toBe(
      "block special file 7:0 640 0:6\nok\nsh: can't create /dev/disk/first: Operation not permitted\n",
    );
    expect(await run('mknod /tmp/disk b 7 0; head -c1 /tmp/disk 2>&1')).toContain('Operation not permitted');
  });

  it('come by a CDI specification with their libraries and variables', async () => {
    const directory = join(sandbox.directory, 'cdi');
    mkdirSync(directory);
    const library = join(directory, 'libdevice.so');
    writeFileSync(library, 'library');
    const edits = `containerEdits:
      deviceNodes: [{path: /dev/special, hostPath: /dev/zero, permissions: r}]
      mounts: [{hostPath: ${library}, containerPath: /usr/lib/libdevice.so, options: [ro, nosuid]}]
      env: [DEVICE=special]
      additionalGids: [4711]`;
    writeFileSync(
      join(directory, 'special.yaml'),
      `cdiVersion: 0.6.0\nkind: example.com/device\ndevices:\n  - name: one\n    ${edits}\n`,
    );
    const service = { name: 'test', devices: [{ source: 'example.com/device=one' }] };
    const grant = resolveCdi(service, readCdiSpecs([join(directory, 'none'), directory]), hostDevices);
    const output = await run(
      'head -c1 /dev/special | wc -c; (echo > /dev/special) 2>&1; cat /usr/lib/libdevice.so; echo " $DEVICE"; id -G',
      service,
      { grant, devices: grant.devices },
    );
    // The rules of Docker's default devices let /dev/zero be written, whatever its name is.
    expect(output).toBe('1\nlibrary special\n0 10 4711\n');
  });

  it.runIf(existsSync('/sys/fs/cgroup/unified/cgroup.procs') || existsSync('/sys/fs/cgroup/cgroup.procs'))(
    'are confined on cgroup v2 by a program',
    async () => {
      const filter = Buffer.from(compileDeviceFilter(DEFAULT_DEVICE_RULES)).toString('base64');
      const script =
        'mknod /tmp/mem c 1 1; head -c1 /tmp/mem 2>&1; head -c1 /dev/zero | wc -c; echo x > /dev/null && echo ok';
      const output = await run(
        script,
        {},
        {
          monitor: (spec) => ({
            ...spec,
            cgroup: {
              ...spec.cgroup,
              writes: spec.cgroup.writes.filter(({ setting }) => setting !== 'devices'),
              deviceFilter: filter,
            },
          }),
        },
      );
      expect(output).toBe('head: /tmp/mem: Operation not permitted\n1\nok\n');
    },
  );
});

describe('names', () => {
  it('has its own host and domain name, and files that say so', async () => {
    const output = await run(
      'hostname; cat /proc/sys/kernel/domainname /etc/hostname; grep -c localhost /etc/hosts',
      {
        hostname: 'box',
        domainname: 'example.com',
      },
    );
    expect(output).toMatch(/^box\nexample\.com\nbox\n[12]\n$/);
    expect(await run('hostname; echo $HOSTNAME')).toMatch(/^([0-9a-f]{12})\n\1\n$/);
  });

  it('sets kernel parameters of its own namespaces', async () => {
    const script =
      'cat /proc/sys/net/core/somaxconn /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_unprivileged_port_start';
    expect(await run(script, { sysctls: { 'net.core.somaxconn': '777', 'kernel.msgmax': '4096' } })).toBe(
      '777\n4096\n0\n',
    );
  });
});

describe('limits', () => {
  it('sets resource limits, and open files by default', async () => {
    expect(await run('ulimit -n; ulimit -u', { ulimits: { nproc: { soft: 100, hard: 200 } } })).toBe(
      '1024\n100\n',
    );
  });

  it('counts processes', async () => {
    // The shell gives up, and all of them end with it.
    const output = await run('for i in 1 2 3 4 5 6; do sleep 1000 & done 2>&1; wait', { pids_limit: 4 });
    expect(output).toMatch(/can't fork/);
  });

  it('writes memory and processor limits', async () => {
    const container = await sandbox.run('exec sleep 1000', {
      service: { mem_limit: 64 << 20, cpus: 0.5, pids_limit: 50, cpu_shares: 512 },
    });
    const read = (controller: string, ...names: string[]) => {
      const path = names.map((name) => join(cgroupOf(container, controller), name)).find(existsSync) ?? '';
      return readFileSync(path, 'utf8').trim();
    };
    expect(read('memory', 'memory.limit_in_bytes', 'memory.max')).toBe(String(64 << 20));
    expect(read('pids', 'pids.max')).toBe('50');
    expect(read('cpu', 'cpu.cfs_quota_us', 'cpu.max')).toMatch(/^50000( 100000)?$/);
    expect(read('cpu', 'cpu.shares', 'cpu.weight')).toMatch(/^(512|59)$/);
    await container.stop({ graceMs: 0 });
  });

  it('tells an out-of-memory kill from another', async () => {
    const container = await sandbox.run('x=a; while :; do x=$x$x$x$x; done', {
      service: { mem_limit: 8 << 20 },
    });
    expect(await container.ended()).toMatchObject({ oomKilled: true, exitCode: 137 });
  });
});

describe('the environment', () => {
  it('is what the service says, and nothing of the caller', async () => {
    process.env['TCOMPOSE_TEST_LEAK'] = '1';
    const output = await run('env | sort', { environment: { A: 'b c', PATH: '/bin' }, tty: false });
    delete process.env['TCOMPOSE_TEST_LEAK'];
    const names = output
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names.filter((name) => !['SHLVL', 'PWD', '_'].includes(name ?? ''))).toEqual([
      'A',
      'HOME',
      'HOSTNAME',
      'PATH',
    ]);
  });

  it('inherits neither descriptors, umask, signals nor session', async () => {
    const before = process.umask(0o077);
    const output = await run(
      'umask; ls /proc/self/fd | wc -l; grep -E "Sig(Blk|Ign)" /proc/self/status; cut -d" " -f19 /proc/self/stat',
    );
    process.umask(before);
    // 0, 1, 2 and the directory that ls reads.
    expect(output).toBe('0022\n4\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n0\n');
  });
});
