// What a container may see and do, asked from inside; and the ways out that other runtimes have had.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileDeviceFilter, DEFAULT_DEVICE_RULES } from '../../../src/runtime/device-rules.ts';
import { tcrunPath } from '../../../src/runtime/native.ts';
import { native, Sandbox, type Start } from './sandbox.ts';

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox.dispose());

async function inside(script: string, start: Start = {}): Promise<string> {
  // One stream: the order between two is nobody's promise.
  const container = await sandbox.run(`exec 2>&1; ${script}`, start);
  await container.ended();
  return container.output().trim();
}

/** A copy of the image, changed. */
function variant(name: string, change: (root: string) => void): { layers: string[] } {
  const root = join(sandbox.directory, name);
  cpSync(sandbox.image, root, { recursive: true, verbatimSymlinks: true });
  change(root);
  return { layers: [root] };
}

describe('a container has', () => {
  it("Docker's capabilities, none inheritable or ambient", async () => {
    const status = await inside('grep Cap /proc/self/status');
    expect(status.split('\n').map((line) => line.split('\t'))).toEqual([
      ['CapInh:', '0000000000000000'],
      ['CapPrm:', '00000000a80425fb'],
      ['CapEff:', '00000000a80425fb'],
      ['CapBnd:', '00000000a80425fb'],
      ['CapAmb:', '0000000000000000'],
    ]);
  });

  it('no effective capability as another user', async () => {
    const status = await inside('id; grep Cap /proc/self/status', { service: { user: 'app' } });
    expect(status).toContain('uid=1000(app) gid=1000(app) groups=1000(app),2000(data)');
    expect(status).toContain('CapPrm:\t0000000000000000');
    expect(status).toContain('CapEff:\t0000000000000000');
    expect(status).toContain('CapBnd:\t00000000a80425fb');
  });

  it('a seccomp filter, with and without no_new_privs', async () => {
    expect(await inside('grep -E "^(Seccomp|NoNewPrivs):" /proc/self/status')).toBe(
      'NoNewPrivs:\t0\nSeccomp:\t2',
    );
    const strict: Start = { service: { security_opt: ['no-new-privileges'], user: 'app' } };
    expect(await inside('grep -E "^(Seccomp|NoNewPrivs):" /proc/self/status', strict)).toBe(
      'NoNewPrivs:\t1\nSeccomp:\t2',
    );
    expect(await inside('unshare -U true 2>&1; echo $?')).toMatch(/Operation not permitted\n1$/);
  });

  it('only its three descriptors', async () => {
    // The fourth is the directory that ls reads.
    expect(await inside('ls /proc/self/fd')).toBe('0\n1\n2\n3');
    expect(await inside('readlink /proc/self/fd/0')).toBe('/dev/null');
  });

  it('its own namespaces', async () => {
    const own = await inside('for n in cgroup ipc mnt net pid uts; do readlink /proc/self/ns/$n; done');
    const host = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'uts'].map((name) =>
      execFileSync('readlink', [`/proc/self/ns/${name}`], { encoding: 'utf8' }).trim(),
    );
    expect(own.split('\n').filter((name) => host.includes(name))).toEqual([]);
    expect(own.split('\n')).toHaveLength(6);
    expect(await inside('echo $$; cat /proc/1/comm; true')).toBe('1\nsh');
  });

  it('the cgroups that it was put into, and sees them as the root', async () => {
    const container = await sandbox.run('cat /proc/self/cgroup; exec sleep 1000');
    await container.logged('\n');
    const seen = readFileSync(`/proc/${container.pid}/cgroup`, 'utf8');
    for (const directory of container.computed.monitor.cgroup.attach) {
      expect(readFileSync(directory.replace(/\/tasks$/, '/cgroup.procs'), 'utf8').split('\n')).toContain(
        String(container.pid),
      );
    }
    expect(seen).toContain(container.id);
    expect(container.output()).not.toContain(container.id);
    await container.stop({ graceMs: 0 });
  });

  it('standard limits, umask, priority and signals, whoever called', async () => {
    const output = await inside(
      'umask; grep -E "^Sig(Blk|Ign)|^Cpus_allowed:" /proc/self/status; cut -d" " -f19 /proc/self/stat; cat /proc/self/oom_score_adj',
    );
    const [umask, blocked, ignored, cpus, nice, oom] = output.split('\n');
    expect(umask).toBe('0022');
    expect(blocked).toBe('SigBlk:\t0000000000000000');
    expect(ignored).toBe('SigIgn:\t0000000000000000');
    expect(cpus).toBe(readFileSync('/proc/1/status', 'utf8').match(/^Cpus_allowed:.*$/m)?.[0]);
    expect(nice).toBe('0');
    expect(oom).toBe('0');
  });

  it('masked and read-only paths', async () => {
    const { config } = sandbox.prepare('true').computed;
    const masked = config.linux.maskedPaths?.filter((path) => existsSync(path)) ?? [];
    expect(masked.length).toBeGreaterThan(2);
    const output = await inside(
      `for p in ${masked.join(' ')}; do if [ -d $p ]; then ls $p; else cat $p; fi; done | wc -c
       echo 1 > /proc/sys/kernel/core_pattern; mkdir /sys/x; mkdir /sys/fs/cgroup/x; true`,
    );
    expect(output).toMatch(/^0\n/);
    expect(output.match(/Read-only file system/g)).toHaveLength(3);
  });

  it('the device nodes of the specification and may open no other', async () => {
    const output = await inside(
      `ls /dev; mknod /tmp/mem c 1 1; cat /tmp/mem | head -c 1; mknod /tmp/null c 1 3; cat /tmp/null; echo done`,
    );
    expect(output).toContain(
      'fd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero',
    );
    expect(output).toContain("can't open '/tmp/mem': Operation not permitted");
    expect(output).toMatch(/done$/);
  });

  it('no other device either where an eBPF program confines them, as on v2 hosts', async () => {
    const filter = Buffer.from(compileDeviceFilter(DEFAULT_DEVICE_RULES)).toString('base64');
    const output = await inside('mknod /tmp/mem c 1 1; head -c 1 /tmp/mem; head -c 2 /dev/zero | wc -c', {
      monitor: (spec) => ({
        ...spec,
        cgroup: {
          ...spec.cgroup,
          writes: spec.cgroup.writes.filter(({ setting }) => setting !== 'devices'),
          deviceFilter: filter,
        },
      }),
    });
    expect(output).toBe('head: /tmp/mem: Operation not permitted\n2');
  });

  it('a root that is its own, read-only if asked', async () => {
    expect(await inside('echo changed > /etc/motd; cat /etc/motd')).toBe('changed');
    expect(existsSync(join(sandbox.image, 'etc/motd'))).toBe(false);
    const output = await inside('(echo x > /etc/motd) 2>&1; echo x > /tmp/x; cat /tmp/x', {
      service: { read_only: true, tmpfs: ['/tmp'], working_dir: '/not/in/the/image' },
    });
    expect(output).toBe("sh: can't create /etc/motd: Read-only file system\nx");
  });

  it('host name, working directory, environment', async () => {
    const output = await inside('hostname; pwd; echo $HOME $GREETING; ls -d /made/for/it', {
      service: { hostname: 'somewhere', working_dir: '/made/for/it', environment: { GREETING: 'hello' } },
    });
    expect(output).toBe('somewhere\n/made/for/it\n/root hello\n/made/for/it');
  });
});

describe('a volume', () => {
  it('propagates mounts as asked, and not at all by default', async () => {
    const shared = join(sandbox.directory, 'shared-mount');
    mkdirSync(shared);
    execFileSync('mount', ['--bind', shared, shared]);
    try {
      execFileSync('mount', ['--make-shared', shared]);
      for (const name of ['from-host', 'from-inside']) mkdirSync(join(shared, name));
      const bind = (target: string, propagation?: string) => ({
        source: shared,
        target,
        readOnly: false,
        ...(propagation && { propagation }),
      });
      const container = await sandbox.run(
        `echo ready; until [ -e /slave/from-host/x ]; do sleep 0.01; done
         ls /private/from-host /shared/from-host | grep -c x
         mount -t tmpfs tmpfs /slave/from-inside; touch /slave/from-inside/hidden
         mount -t tmpfs tmpfs /shared/from-inside; touch /shared/from-inside/seen; echo mounted; exec sleep 1000`,
        {
          service: { privileged: true },
          binds: [bind('/private'), bind('/slave', 'rslave'), bind('/shared', 'rshared')],
        },
      );
      await container.logged('ready');
      execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(shared, 'from-host')]);
      writeFileSync(join(shared, 'from-host/x'), '');
      await container.logged('mounted');
      // Of the other two, only the shared one sees the host's mount.
      expect(container.output()).toBe('ready\n1\nmounted\n');
      expect(readdirSync(join(shared, 'from-inside'))).toEqual(['seen']);
      await container.stop({ graceMs: 0 });
    } finally {
      execFileSync('umount', ['-R', '-l', shared]);
    }
    expect(sandbox.mounts()).toEqual([]);
  });
});

describe('no way out by', () => {
  it('a working directory in /proc (CVE-2024-21626)', async () => {
    for (const fd of [3, 4, 5, 6, 7, 8, 9, 10]) {
      const container = sandbox.prepare('pwd', { service: { working_dir: `/proc/self/fd/${fd}` } });
      await expect(container.start()).rejects.toMatchObject({ step: 'cwd' });
    }
    const linked = variant('cwd-link', (root) => symlinkSync('/proc/self/fd/4', join(root, 'out')));
    const container = sandbox.prepare('pwd', { service: { working_dir: '/out' }, ...linked });
    await expect(container.start()).rejects.toMatchObject({ step: 'cwd' });
  });

  it('links in the place of /proc, /sys and /dev (CVE-2019-19921, CVE-2026-41579)', async () => {
    const outside = join(sandbox.directory, 'outside');
    mkdirSync(outside);
    for (const path of ['proc', 'sys', 'dev']) {
      const image = variant(`link-${path}`, (root) => symlinkSync(`../..${outside}`, join(root, path)));
      const container = sandbox.prepare('true', image);
      const started = await container.start().then(
        () => true,
        () => false,
      );
      // /dev is a tmpfs wherever the link leads inside of the root; nodes are not made through it.
      if (path !== 'dev') expect(started, path).toBe(false);
      expect(readdirSync(outside)).toEqual([]);
    }
  });

  it('volumes over /proc', async () => {
    const volume = join(sandbox.directory, 'volume');
    mkdirSync(volume);
    for (const target of ['/proc', '/proc/self', '/proc/sys/kernel', '/x/../proc/1']) {
      const container = sandbox.prepare('true', { binds: [{ source: volume, target, readOnly: false }] });
      await expect(container.start(), target).rejects.toMatchObject({ step: 'mount' });
    }
  });

  it('volumes whose target is a link that leads upwards', async () => {
    const volume = join(sandbox.directory, 'volume-up');
    mkdirSync(volume);
    writeFileSync(join(volume, 'file'), 'of the volume');
    const image = variant('link-up', (root) =>
      symlinkSync('../../../../../../../../srv', join(root, 'data')),
    );
    const output = await inside('cat /srv/file; echo; ls -d /data/file', {
      ...image,
      binds: [{ source: volume, target: '/data', readOnly: false }],
    });
    expect(output).toBe('of the volume\n/data/file');
    expect(existsSync('/srv/file')).toBe(false);
  });

  it('overwriting tcrun through /proc (CVE-2019-5736)', async () => {
    const hash = () => createHash('sha256').update(readFileSync(tcrunPath())).digest('hex');
    const before = hash();
    const output = await inside(
      'cat /proc/1/cmdline | tr "\\0" " "; for i in 1 2 3; do echo x >> /proc/1/exe; done; (exec 3< /proc/1/exe; echo x >> /proc/self/fd/3)',
      { service: { init: true, cap_add: ['SYS_PTRACE', 'SYS_ADMIN', 'DAC_READ_SEARCH'] } },
    );
    expect(output).toContain('tcrun init');
    expect(output.match(/Read-only file system|Text file busy/g)?.length).toBeGreaterThanOrEqual(4);
    expect(hash()).toBe(before);
    const script = variant('script', (root) => {
      writeFileSync(join(root, 'bin/trap'), '#!/proc/self/exe\n', { mode: 0o755 });
    });
    for (const command of [['/proc/self/exe', 'init'], ['/bin/trap']]) {
      const self = sandbox.prepare('', { service: { command }, ...script });
      await self.start().catch(() => {});
    }
    expect(hash()).toBe(before);
  });

  it('a passwd that is not one', async () => {
    const cases: [string, (root: string) => void, string][] = [
      ['passwd-fifo', (root) => execFileSync('mkfifo', [join(root, 'etc/passwd')]), 'ENOENT'],
      ['passwd-huge', (root) => execFileSync('truncate', ['-s', '1G', join(root, 'etc/passwd')]), 'EFBIG'],
      [
        'passwd-host',
        (root) => symlinkSync('/../../../../../../etc/passwd', join(root, 'etc/passwd')),
        'ELOOP',
      ],
    ];
    for (const [name, make, errno] of cases) {
      const image = variant(name, (root) => {
        rmSync(join(root, 'etc/passwd'));
        make(root);
      });
      const container = sandbox.prepare('id', { service: { user: 'app' }, ...image });
      await expect(container.start(), name).rejects.toMatchObject({ step: 'user', errno });
    }
  });

  it('a user whose name is a number (CVE-2026-46680)', async () => {
    const image = variant('passwd-number', (root) =>
      writeFileSync(join(root, 'etc/passwd'), '1000:x:0:0::/root:/bin/sh\n'),
    );
    expect(await inside('id -u', { service: { user: '1000' }, ...image })).toBe('1000');
  });

  it.each(['0x0', ' 0', '1000:', ':5', '4294967295', '4294967296', '-1', '1:2:3', 'app:nobody'])(
    'a user that is written oddly: %j (CVE-2026-30892)',
    async (user) => {
      const container = sandbox.prepare('id', { monitor: (spec) => ({ ...spec, user }) });
      await expect(container.start()).rejects.toMatchObject({ step: 'user' });
    },
  );

  it('a /dev/null that is something else (CVE-2025-31133)', async () => {
    const dev = join(sandbox.directory, 'dev');
    mkdirSync(dev);
    symlinkSync('/proc/sys/kernel/core_pattern', join(dev, 'null'));
    const before = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
    const container = sandbox.prepare('echo x > /proc/kcore', {
      binds: [{ source: dev, target: '/dev', readOnly: false }],
    });
    await expect(container.start()).rejects.toMatchObject({ errno: 'ENODEV' });
    expect(readFileSync('/proc/sys/kernel/core_pattern', 'utf8')).toBe(before);
  });

  it('exchanging a directory for a link while it is mounted upon (CVE-2021-30465)', async () => {
    const shared = join(sandbox.directory, 'shared');
    const inner = join(sandbox.directory, 'inner');
    mkdirSync(join(shared, 'target'), { recursive: true });
    mkdirSync(inner);
    symlinkSync('/../../../../../../../..', join(shared, 'link'));
    const binds = [
      { source: shared, target: '/shared', readOnly: false },
      { source: inner, target: '/shared/target/deep/place', readOnly: false },
    ];
    const racer = await sandbox.run(
      'echo ready; cd /shared; while :; do mv target away; mv link target; mv target link; mv away target; done',
      { binds: binds.slice(0, 1) },
    );
    await racer.logged('ready');
    for (let i = 0; i < 40; i++) {
      const container = sandbox.prepare('cat /proc/self/mountinfo', { binds });
      const started = await container.start().then(
        () => true,
        () => false,
      );
      // It may fail, as the target is sometimes not there. It may not end up anywhere else.
      if (!started) continue;
      await container.ended();
      const places = container
        .output()
        .split('\n')
        .filter((line) => line.includes('/inner '))
        .map((line) => line.split(' ')[4]);
      for (const place of places) expect(place).toMatch(/^(\/\w+)*\/deep\/place$/);
      expect(sandbox.mounts()).toEqual([]);
    }
    expect(existsSync('/deep')).toBe(false);
    await racer.stop({ graceMs: 0 });
  });

  it('an exec whose directory or program leads out (CVE-2024-21626, CVE-2019-5736)', async () => {
    const hash = () => createHash('sha256').update(readFileSync(tcrunPath())).digest('hex');
    const before = hash();
    const image = variant('exec-link', (root) => {
      symlinkSync('/proc/self/fd/4', join(root, 'out'));
      writeFileSync(join(root, 'bin/trap'), '#!/proc/self/exe\n', { mode: 0o755 });
    });
    const container = await sandbox.run('echo up; exec sleep 1000', image);
    await container.logged('up');
    const exec = async (args: readonly string[], cwd = '/') => {
      const control = container.control();
      const process = { args, env: ['PATH=/bin'], cwd, terminal: true, privileged: false };
      const { message } = await control.request({ op: 'exec', process });
      const end = 'error' in message ? message : await control.next();
      control.close();
      return end as { error?: { step: string }; exitCode?: number };
    };
    for (const fd of [3, 4, 5, 6, 7, 8, 9, 10]) {
      expect((await exec(['pwd'], `/proc/self/fd/${fd}`)).error?.step, String(fd)).toBe('cwd');
    }
    expect((await exec(['pwd'], '/out')).error?.step).toBe('cwd');
    for (const args of [['/proc/self/exe', 'init'], ['/bin/trap']]) await exec(args);
    const overwrite =
      'for i in $(seq 50); do for p in /proc/[0-9]*; do echo x >> $p/exe; done; done 2>/dev/null; true';
    await Promise.all([exec(['sh', '-c', overwrite]), ...Array.from({ length: 5 }, () => exec(['true']))]);
    expect(hash()).toBe(before);
    expect((await exec(['sh', '-c', 'grep -q "CapInh:.*0000000000000000" /proc/self/status'])).exitCode).toBe(
      0,
    );
    await container.stop({ graceMs: 0 });
  });

  it('a terminal in whose place something else is (CVE-2025-52565)', async () => {
    const terminals = join(sandbox.directory, 'pts');
    mkdirSync(terminals);
    for (const name of ['ptmx', '0', '1']) {
      symlinkSync('/proc/sys/kernel/core_pattern', join(terminals, name));
    }
    const before = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
    const container = sandbox.prepare('echo x; tty', {
      service: { tty: true },
      binds: [{ source: terminals, target: '/dev/pts', readOnly: false }],
    });
    const started = await container.start().then(
      () => true,
      () => false,
    );
    expect(started).toBe(false);
    expect(readFileSync('/proc/sys/kernel/core_pattern', 'utf8')).toBe(before);
    expect(sandbox.mounts()).toEqual([]);
  });

  it('a configuration of a megabyte (CVE-2021-43784)', async () => {
    const source = join(sandbox.directory, 'many');
    mkdirSync(source);
    const binds = Array.from({ length: 800 }, (_, index) => ({
      source,
      target: `/many/${String(index).padStart(4, '0')}${'x'.repeat(200)}`,
      readOnly: false,
    }));
    const environment = { LARGE: 'y'.repeat(100_000) };
    expect(await inside('ls /many | wc -l; echo ${#LARGE}', { binds, service: { environment } })).toBe(
      '800\n100000',
    );
  });

  it('a setting of the kernel that is not its own', async () => {
    const withSysctl = (sysctl: Record<string, string>): Start => ({
      config: (config) => ({ ...config, linux: { ...config.linux, sysctl } }),
    });
    for (const name of [
      'kernel.core_pattern',
      'vm.swappiness',
      'net/../kernel.core_pattern',
      'net..core_pattern',
    ]) {
      const container = sandbox.prepare('true', withSysctl({ [name]: '1' }));
      await expect(container.start(), name).rejects.toMatchObject({ step: 'sysctl' });
    }
    const output = await inside(
      'cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/msgmax',
      withSysctl({ 'net.ipv4.ip_unprivileged_port_start': '7', 'kernel.msgmax': '12345' }),
    );
    expect(output).toBe('7\n12345');
    expect(readFileSync('/proc/sys/kernel/msgmax', 'utf8')).not.toBe('12345\n');
  });

  it.skipIf(native.effectiveCapabilities().includes('CAP_SYS_RESOURCE'))(
    'a limit that may not be raised, and it says which',
    async () => {
      const container = sandbox.prepare('true', {
        config: (config) => ({
          ...config,
          process: { ...config.process, rlimits: [{ type: 'RLIMIT_NOFILE', soft: 2 ** 29, hard: 2 ** 29 }] },
        }),
      });
      await expect(container.start()).rejects.toMatchObject({
        step: 'rlimit',
        errno: 'EPERM',
        path: 'RLIMIT_NOFILE',
      });
    },
  );
});
