// A container whose root is not the host's: looked at from inside, from the host, and at what is left on the disk.

import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Container, native, Sandbox, type Start } from './sandbox.ts';

const RANGE = { uid: 1_900_000_000, gid: 1_910_000_000, size: 65_536 };

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterEach(() => {
  delete process.env['TCOMPOSE_DISABLE'];
});
afterAll(() => sandbox.dispose());

async function inside(script: string, start: Start = {}): Promise<string> {
  const container = await sandbox.run(script, { idRange: RANGE, ...start });
  await container.ended();
  return container.output().trim();
}

/** What the kernel says of a process, in words of the host: real, effective, saved and file system id. */
function idsOf(pid: number): number[][] {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return ['Uid', 'Gid'].map((name) =>
    (new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1] ?? '').split(/\s+/).map(Number),
  );
}

async function exec(container: Container, script: string, process_: object = {}): Promise<string> {
  const control = container.control();
  const { read, write } = native.pipe();
  const process = { args: ['sh', '-c', script], env: ['PATH=/bin'], cwd: '/', terminal: false, ...process_ };
  const { message } = await control.request({ op: 'exec', process }, [read, write, write]);
  native.close(write);
  if (!message.error) await control.next();
  control.close();
  const text = readFileSync(`/proc/self/fd/${read}`, 'utf8').trim();
  native.close(read);
  return message.error ? `${message.error.step}: ${message.error.message}` : text;
}

function volume(name: string): string {
  const directory = join(sandbox.directory, name);
  mkdirSync(directory, { recursive: true });
  return directory;
}

describe('ids', () => {
  it('are mapped inside, and those of the range outside', async () => {
    const container = await sandbox.run('exec sleep 1000', { idRange: RANGE, service: { user: 'app' } });
    expect((await exec(container, 'cat /proc/self/uid_map')).split(/\s+/)).toEqual([
      '0',
      '1900000000',
      '65536',
    ]);
    expect((await exec(container, 'cat /proc/self/gid_map')).split(/\s+/)).toEqual([
      '0',
      '1910000000',
      '65536',
    ]);
    expect(idsOf(container.pid)).toEqual([Array(4).fill(RANGE.uid + 1000), Array(4).fill(RANGE.gid + 1000)]);
    expect(await exec(container, 'id')).toBe('uid=1000(app) gid=1000(app) groups=1000(app),2000(data)');
    expect(await exec(container, 'id -u', { user: 'root' })).toBe('0');
    await container.stop({ graceMs: 0 });
  });

  it('are the unmapped ones on the disk: of layers, of what is written, of volumes', async () => {
    const data = volume('data');
    const script = `cd /data; touch root /made; touch app; chown 1000:2000 app /made; mkdir /dir
      stat -c '%u:%g %n' root app /made /etc/passwd /bin`;
    const binds = [{ source: data, target: '/data', readOnly: false }];
    const container = await sandbox.run(script, { idRange: RANGE, binds });
    await container.ended();
    expect(container.output().trim().split('\n')).toEqual([
      '0:0 root',
      '1000:2000 app',
      '1000:2000 /made',
      '0:0 /etc/passwd',
      '0:0 /bin',
    ]);
    const ids = (path: string) => [lstatSync(path).uid, lstatSync(path).gid];
    expect(ids(join(data, 'root'))).toEqual([0, 0]);
    expect(ids(join(data, 'app'))).toEqual([1000, 2000]);
    expect(ids(join(container.bundle, 'upper/made'))).toEqual([1000, 2000]);
    expect(ids(join(container.bundle, 'upper/dir'))).toEqual([0, 0]);
    expect(ids(join(container.bundle, 'upper'))).toEqual([0, 0]);
    // Turned off, and on again.
    const show = 'cd /data; stat -c "%u:%g %n" *; rm app; touch app; chown 7:8 app';
    expect(await inside(show, { binds, idRange: undefined })).toBe('1000:2000 app\n0:0 root');
    expect(await inside(show, { binds })).toBe('7:8 app\n0:0 root');
  });

  it('beyond the range are refused by name', async () => {
    expect(() => sandbox.prepare('true', { idRange: RANGE, service: { user: '70000' } })).toThrow(
      'its user has the id 70000, and its user namespace ends at 65535',
    );
    const container = await sandbox.run('exec sleep 1000', { idRange: RANGE });
    expect(await exec(container, 'id', { user: '70000:1' })).toMatch(/^user: .*70000|^user: /);
    await container.stop({ graceMs: 0 });
  });
});

describe('what a container is', () => {
  const SHOW = `grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/self/status; ls /proc/self/fd | wc -l
    stat -c '%A %t:%T %u:%g %n' /dev/* /dev/pts/ptmx; stat -c '%A %u:%g %n' /tmp /dev/shm /etc/hosts
    cat /proc/kcore /proc/keys 2>/dev/null | wc -c; cat /proc/self/cgroup; ls /sys/fs/cgroup; hostname; ulimit -a
    sed 's/^[0-9]* [0-9]* [0-9:]* //; s/,idmapped//; s/,[ug]id=[0-9]*//g; s/lowerdir+*=[^,]*,upperdir=[^,]*,workdir=[^,]*//' /proc/self/mountinfo | grep -v '^/.*/etc/' | sort`;

  it('is the same with and without ids of its own', async () => {
    const normalize = (text: string) => text.replaceAll(/[0-9a-f]{12,64}/g, 'ID').split('\n');
    const start: Start = { service: { tmpfs: ['/t:uid=1000,gid=5,mode=700'] } };
    const usual = normalize(await inside(SHOW, { ...start, idRange: undefined }));
    const mapped = normalize(await inside(SHOW, start));
    // A directory of the kernel's own, whose owner is nobody that the container knows.
    const known = (line: string) => !/ \/dev\/(pts|mqueue|pts\/ptmx)$/.test(line);
    expect(mapped.filter(known)).toEqual(usual.filter(known));
    expect(usual.length).toBeGreaterThan(60);
  });

  it('owns its tmpfs, its devices and its terminal', async () => {
    const devices = [
      { path: '/dev/own', type: 'c', major: 1, minor: 5, fileMode: 0o640, uid: 0, gid: 29, access: 'rwm' },
    ] as const;
    const seen = await inside(
      `stat -c '%u:%g %a %n' /t /dev/own /dev/null; touch /t/file; head -c 2 /dev/own | wc -c
       echo x > /dev/stdout; mknod /node c 1 3 2>&1; chown 70000 /t 2>&1`,
      { devices, service: { tmpfs: ['/t:uid=1000,gid=5,mode=700'] } },
    );
    expect(seen.split('\n')).toEqual([
      '1000:5 700 /t',
      '0:29 640 /dev/own',
      '0:0 666 /dev/null',
      '2',
      'x',
      'mknod: /node: Operation not permitted',
      'chown: /t: Invalid argument',
    ]);
    const terminal = await inside(`stat -c '%u %n' $(tty) /dev/console; echo typed > /dev/tty`, {
      service: { tty: true, user: 'app' },
    });
    expect(terminal.split(/\r?\n/)).toEqual(['1000 /dev/pts/0', '1000 /dev/console', 'typed']);
  });

  it('lets the user open its output again, and set-user-id programs work', async () => {
    expect(await inside('echo again > /dev/stdout', { service: { user: 'app' } })).toBe('again');
    const program = join(volume('programs'), 'show');
    const source =
      '#include <stdio.h>\n#include <unistd.h>\nint main(void) { return printf("%d %d\\n", getuid(), geteuid()) < 0; }';
    execFileSync('gcc', ['-static', '-xc', '-', '-o', program], { input: source });
    const binds = [{ source: join(program, '..'), target: '/programs', readOnly: true }];
    const script = 'cp /programs/show /show; chmod 4755 /show; su app -c /show';
    expect(await inside(script, { binds })).toBe('1000 0');
  });

  it('may have an init, a standard input and a working directory that is made for it', async () => {
    const service = { init: true, stdin_open: true, working_dir: '/made/here', user: 'app' };
    const seen = await inside('cat /proc/1/comm; pwd; stat -c "%u:%g" /made/here .; echo x > /made/here/x', {
      service,
    });
    expect(seen).toMatch(/^tcrun\n\/made\/here\n0:0\n0:0\n.*Permission denied$/);
  });

  it('has rights over its own namespaces and none over the host', async () => {
    const script = `ip link set lo mtu 1400 && ip link show lo | grep -o 'mtu 1400'; hostname other && hostname
      mkdir /m && mount -t tmpfs t /m && touch /m/x && umount /m && echo mounted
      mount -t proc p /m && echo shown; umount /m; mount -o remount,rw /sys 2>&1 | head -1
      echo 1 > /proc/sys/vm/overcommit_memory`;
    const service = { cap_add: ['NET_ADMIN', 'SYS_ADMIN'], security_opt: ['systempaths=unconfined'] };
    const seen = await inside(`(${script}) 2>&1`, { service });
    expect(seen.split('\n').slice(0, 4)).toEqual(['mtu 1400', 'other', 'mounted', 'shown']);
    expect(seen).toContain("can't create /proc/sys/vm/overcommit_memory");
  });

  it('may be read-only, and has secrets and images with their owners', async () => {
    const image = volume('image-files');
    writeFileSync(join(image, 'file'), 'of the image\n', { mode: 0o600 });
    const seen = await inside(
      `stat -c '%u:%g %n' /other /other/file; cat /other/file; touch /x 2>&1; touch /other/x 2>&1; grep -c idmapped /proc/self/mountinfo`,
      {
        service: { read_only: true },
        config: (config) => ({
          ...config,
          mounts: [
            ...config.mounts,
            {
              destination: '/other',
              type: 'overlay',
              source: 'overlay',
              options: ['ro', `lowerdir+=${image}`, 'idmap'],
            },
          ],
        }),
        layers: [sandbox.image],
      },
    ).catch(String);
    expect(seen.split('\n').slice(0, 5)).toEqual([
      '0:0 /other',
      '0:0 /other/file',
      'of the image',
      'touch: /x: Read-only file system',
      'touch: /other/x: Read-only file system',
    ]);
  });
});

describe('its user namespace', () => {
  it('is kept through a restart, with the network that it owns', async () => {
    const container = await sandbox.run('exec sleep 1000', {
      idRange: RANGE,
      service: { cap_add: ['NET_ADMIN'] },
    });
    const spaces = (pid: number) => ['user', 'net'].map((type) => readlinkSync(`/proc/${pid}/ns/${type}`));
    const before = spaces(container.pid);
    expect(before[0]).not.toBe(readlinkSync('/proc/self/ns/user'));
    const control = container.control();
    await control.request({ op: 'restart', graceMs: 0 });
    const { pid } = await control.next();
    control.close();
    expect(pid).not.toBe(container.pid);
    expect(spaces(pid)).toEqual(before);
    expect(await exec(container, 'ip link set lo mtu 1300 && ip link show lo | grep -o "mtu 1300"')).toBe(
      'mtu 1300',
    );
    await container.stop({ graceMs: 0 });
  });

  it('is entered by exec, privileged or not, and by its terminal', async () => {
    const container = await sandbox.run('exec sleep 1000', { idRange: RANGE });
    const own = readlinkSync(`/proc/${container.pid}/ns/user`);
    expect(await exec(container, 'readlink /proc/self/ns/user; id -u')).toBe(`${own}\n0`);
    const privileged = 'readlink /proc/self/ns/user; mknod /x c 1 3; echo 1 > /proc/sys/vm/overcommit_memory';
    const seen = await exec(container, `(${privileged}) 2>&1`, { privileged: true });
    expect(seen).toMatch(/^user:.*\nmknod: \/x: Operation not permitted\n.*Read-only file system$/);
    expect(await exec(container, 'echo again > /dev/stdout; id -u', { user: 'app' })).toBe('again\n1000');
    await container.stop({ graceMs: 0 });
  });

  it('is shared by who shares its processes', async () => {
    const first = await sandbox.run('exec sleep 1000', { idRange: RANGE });
    await first.became('sleep');
    const joins = [{ type: 'pid', control: join(first.runDir, 'ctl'), hostname: 'x' }] as const;
    const second = await sandbox.run('exec sleep 1000', {
      idRange: RANGE,
      joins,
      service: { pid: 'container:x', cap_add: ['SYS_PTRACE'] },
    });
    expect(readlinkSync(`/proc/${second.pid}/ns/user`)).toBe(readlinkSync(`/proc/${first.pid}/ns/user`));
    expect(idsOf(second.pid)[0]).toEqual(Array(4).fill(RANGE.uid));
    expect(
      await exec(second, 'cat /proc/1/comm; ls -d /proc/1/root/bin; tr "\\0" " " < /proc/1/environ | wc -w'),
    ).toMatch(/^sleep\n\/proc\/1\/root\/bin\n[1-9]/);
    await second.stop({ graceMs: 0 });
    await first.stop({ graceMs: 0 });
  });

  it('is that of a network which it shares', async () => {
    const first = await sandbox.run('exec sleep 1000', { idRange: RANGE });
    const network = {
      mode: 'join',
      joinControl: join(first.runDir, 'ctl'),
      joinBundle: first.bundle,
    } as const;
    const service = { cap_add: ['NET_ADMIN'] };
    const seen = await inside(
      'readlink /proc/self/ns/user; readlink /proc/self/ns/net; ip link set lo mtu 1200 && echo set',
      {
        network,
        service,
      },
    );
    const of = (type: string) => readlinkSync(`/proc/${first.pid}/ns/${type}`);
    expect(seen).toBe(`${of('user')}\n${of('net')}\nset`);
    await first.stop({ graceMs: 0 });
    const plain = await sandbox.run('exec sleep 1000');
    const other = { mode: 'join', joinControl: join(plain.runDir, 'ctl'), joinBundle: plain.bundle } as const;
    await expect(sandbox.run('true', { idRange: RANGE, network: other })).rejects.toThrow(
      'belongs to a container without a user namespace',
    );
    await plain.stop({ graceMs: 0 });
  });
});

describe('what this kernel or file system cannot', () => {
  it.each([
    'lowerdir+',
    'clone-into-cgroup',
    'seal-by-mount',
    'lowerdir+,clone-into-cgroup,seal-by-mount,setns-pidfd',
  ])('is done otherwise without %s', async (disabled) => {
    const layer = volume('second-layer');
    writeFileSync(join(layer, 'second'), '');
    process.env['TCOMPOSE_DISABLE'] = disabled;
    const container = await sandbox.run('touch /x; stat -c %u:%g /second /bin; exec sleep 1000', {
      idRange: RANGE,
      layers: [layer, sandbox.image],
    });
    await container.logged('0:0\n0:0');
    expect(await exec(container, 'id -u; stat -c %u /x')).toBe('0\n0');
    expect(statSync(join(container.bundle, 'upper/x')).uid).toBe(0);
    await container.stop({ graceMs: 0 });
  });

  it.each(['mount-api', 'idmap'])('is refused by name without %s, and nothing is left', async (disabled) => {
    process.env['TCOMPOSE_DISABLE'] = disabled;
    await expect(sandbox.run('true', { idRange: RANGE })).rejects.toThrow('idmapped mounts (Linux 5.19)');
    expect(sandbox.cgroups()).toEqual([]);
    expect(sandbox.mounts()).toEqual([]);
  });

  it('is refused by name for a bind whose file system shows its owners to nobody else', async () => {
    const binds = [{ source: '/sys/kernel', target: '/data', readOnly: true }];
    await expect(sandbox.run('true', { idRange: RANGE, binds })).rejects.toThrow(
      /\/sys\/kernel.*cannot show its files to a user namespace/,
    );
    expect(sandbox.cgroups()).toEqual([]);
    expect(readdirSync(sandbox.directory)).toContain('containers');
  });
});
