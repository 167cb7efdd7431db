// The same config.json under Debian's runc, the overlay mounted on `rootfs`: what a process sees from inside must be the same.

import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OciConfig } from '../../../src/runtime/oci-config.ts';
import { type Container, Sandbox, type Start } from './sandbox.ts';

const RUNC = '/usr/sbin/runc';
/** Docker, not runc, allows the console; runc, but for 1.2.0 to 1.2.3, allows net/tun to all. */
const OTHER_DEVICES = 'c (5:1|10:200) rwm';
const hasRunc = existsSync(RUNC);

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
  execFileSync('gcc', [
    '-static',
    '-O1',
    '-o',
    join(sandbox.image, 'bin/syscall-probe'),
    join(import.meta.dirname, 'syscall-probe.c'),
  ]);
});
afterAll(() => sandbox.dispose());

/** Sections of what `script` prints; each begins with a line `== name`. */
function sections(output: string): Record<string, string[]> {
  const parts = output.split(/^== (.*)\n/m).slice(1);
  return Object.fromEntries(
    parts.flatMap((name, i) =>
      i % 2 === 0 ? [[name, (parts[i + 1] ?? '').split('\n').filter(Boolean)]] : [],
    ),
  );
}

/** Runs the bundle of `container`, which is not started, under runc. */
function runUnderRunc(container: Container): string {
  const bundle = join(sandbox.directory, `runc-${container.id.slice(0, 8)}`);
  const rootfs = join(bundle, 'rootfs');
  for (const path of [rootfs, join(bundle, 'upper'), join(bundle, 'work')])
    mkdirSync(path, { recursive: true });
  copyFileSync(join(container.bundle, 'config.json'), join(bundle, 'config.json'));
  const layers = container.computed.monitor.root.layers.join(':');
  const options = `lowerdir=${layers},upperdir=${bundle}/upper,workdir=${bundle}/work`;
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, rootfs]);
  try {
    return execFileSync(
      RUNC,
      ['--root', join(bundle, 'state'), 'run', '--bundle', bundle, container.id.slice(0, 8)],
      {
        encoding: 'utf8',
        // What runc's caller has, a container of runc has; tcrun resets it.
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
  } finally {
    execFileSync('umount', [rootfs]);
    // runc removes the container's cgroups and leaves their parent.
    for (const hierarchy of readdirSync('/sys/fs/cgroup')) {
      const parent = join('/sys/fs/cgroup', hierarchy, `tcompose-${sandbox.instance}`);
      if (existsSync(parent)) rmdirSync(parent);
    }
    rmSync(bundle, { recursive: true });
  }
}

async function both(
  script: string,
  start: Start = {},
): Promise<{ ours: Record<string, string[]>; runc: Record<string, string[]> }> {
  const probed = (name: string, command: string) => `echo "== ${name}"; ${command}`;
  const text = [
    probed('status', 'grep -E "^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp:|Sig(Blk|Ign))" /proc/self/status'),
    probed('limits', 'cat /proc/self/limits'),
    probed('descriptors', 'ls /proc/self/fd'),
    probed('environment', 'env | sort; pwd; umask; hostname; cat /proc/self/oom_score_adj'),
    probed('mounts', 'cat /proc/self/mountinfo'),
    probed(
      'masks',
      'for p in /proc/* /sys/* /sys/firmware; do [ -d $p ] || [ -c $p ] && echo $p $(ls -dl $p | cut -c1-10); done | grep -v "/proc/[0-9]"',
    ),
    probed('devices', 'ls -l /dev | cut -c1-50; ls -l /dev | grep -e "->" | sed "s/.*:.. //"'),
    probed('cgroup', 'cat /proc/self/cgroup; ls /sys/fs/cgroup'),
    probed(
      'limits of the cgroup',
      `cd /sys/fs/cgroup; for f in memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes pids/pids.max \\
       cpu/cpu.shares cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpuset/cpuset.cpus; do [ -e $f ] && echo $f $(cat $f); done; sort devices/devices.list | grep -vE '${OTHER_DEVICES}'`,
    ),
    probed('probe', script),
  ].join('\n');
  const container = sandbox.prepare(text, { ...start, config: withPrimaryGroup });
  const runc = sections(runUnderRunc(container));
  await container.start();
  await container.ended();
  return { ours: sections(container.output('stdout')), runc };
}

/** tcrun makes sure of it (CVE-2022-36109); of runc it has to be asked. */
function withPrimaryGroup(config: OciConfig): OciConfig {
  const { user } = config.process;
  const additionalGids = [...new Set([user.gid, ...(user.additionalGids ?? [])])];
  return { ...config, process: { ...config.process, user: { ...user, additionalGids } } };
}

/**
 * `root mountpoint options - type source super-options`, without ids, and without what may differ: where the overlays' layers
 * are, and the flags of empty tmpfs masks and of the tmpfs that holds v1 hierarchies, where tcrun is stricter.
 */
function normalizeMounts(lines: readonly string[] = []): string[] {
  return lines
    .map((line) =>
      line
        .split(' ')
        .slice(3)
        .join(' ')
        .replace(/ (shared|master):\d+/g, ''),
    )
    .map((line) =>
      line.replace(/- overlay .*/, '- overlay').replace(/ \S+ - tmpfs tmpfs (ro.*|rw,mode=755)$/, ' - tmpfs'),
    )
    .sort();
}

describe.skipIf(!hasRunc)('runc and tcrun, given one config.json, agree on', () => {
  const cases: [string, Start][] = [
    ['the defaults', {}],
    ['another user with groups', { service: { user: '1000:1000', group_add: ['2000'] } }],
    [
      'a read-only root, tmpfs, limits',
      {
        service: {
          read_only: true,
          tmpfs: ['/tmp:size=2m'],
          ulimits: { nofile: { soft: 100, hard: 200 } },
          mem_limit: 64 << 20,
          pids_limit: 50,
          cpus: 0.5,
          cpu_shares: 512,
        },
      },
    ],
    [
      'no new privileges and fewer capabilities',
      {
        service: {
          security_opt: ['no-new-privileges'],
          cap_drop: ['ALL'],
          cap_add: ['NET_BIND_SERVICE', 'SYS_ADMIN'],
        },
      },
    ],
    ['everything unconfined', { service: { privileged: true } }],
    [
      "a seccomp profile of the user's",
      {
        service: { security_opt: ['seccomp=profile.json'], cap_add: ['SYS_ADMIN'] },
        seccompProfile: JSON.stringify({
          defaultAction: 'SCMP_ACT_ALLOW',
          archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
          syscalls: [
            { names: ['mount', 'keyctl'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 },
            { names: ['ptrace'], action: 'SCMP_ACT_ERRNO', excludes: { caps: ['CAP_SYS_ADMIN'] } },
            { names: ['bpf'], action: 'SCMP_ACT_ERRNO', includes: { minKernel: '4.8' } },
            {
              names: ['personality'],
              action: 'SCMP_ACT_ERRNO',
              args: [{ index: 0, value: 4294967295, op: 'SCMP_CMP_NE' }],
            },
          ],
        }),
      },
    ],
  ];
  it.each(cases)('%s', async (_, start) => {
    const { ours, runc } = await both('syscall-probe', start);
    expect(Object.keys(ours)).toEqual(Object.keys(runc));
    for (const name of Object.keys(ours).filter((name) => name !== 'mounts'))
      expect(ours[name], name).toEqual(runc[name]);
    expect(normalizeMounts(ours['mounts'])).toEqual(normalizeMounts(runc['mounts']));
    expect(ours['mounts']?.length).toBeGreaterThan(10);
  });

  it('volumes, read-only and shared', async () => {
    const volume = join(sandbox.directory, 'volume');
    mkdirSync(volume);
    writeFileSync(join(volume, 'file'), 'content');
    const binds = [
      { source: volume, target: '/data', readOnly: false },
      { source: volume, target: '/deep/er/data', readOnly: true },
      { source: join(volume, 'file'), target: '/etc/one-file', readOnly: true },
    ];
    const { ours, runc } = await both(
      'cat /etc/one-file; ls /deep/er/data; (echo x > /deep/er/data/x) 2>&1; true',
      { binds },
    );
    expect(ours['probe']).toEqual(runc['probe']);
    expect(normalizeMounts(ours['mounts'])).toEqual(normalizeMounts(runc['mounts']));
    expect(readFileSync(join(volume, 'file'), 'utf8')).toBe('content');
  });
});
