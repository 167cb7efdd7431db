// The same config.json under runc, with the overlay mounted on `rootfs` by hand, gives the same container. What differs
// by the nature of the two (network, ids, device numbers of mounts) is left out of the comparison.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceConfig } from '../../../src/project/service-config.ts';
import { type Container, Sandbox } from '../tcrun/sandbox.ts';

const runc = ['/usr/sbin/runc', '/usr/bin/runc'].find(existsSync);

/** What can be told from inside; sections are compared one by one. */
const PROBES = {
  credentials: 'grep -E "^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|SigIgn|SigBlk|Umask)" /proc/self/status; id',
  limits: 'cat /proc/self/limits | grep -v "Max \\(pending\\|processes\\)"; cat /proc/self/oom_score_adj',
  environment: 'env | sort; pwd; umask; ls /proc/self/fd | wc -l',
  // Mount point, options per mount, type. Roots are each one's own; a masked path is an empty place in either.
  mounts: `while read -r id parent device root target options rest; do
      type=\${rest##*- }; echo "$target $options \${type%% *}"; done < /proc/self/mountinfo | grep -v '^/sys/fs/cgroup' | sort`,
  devices:
    'ls -ln /dev | tr -s " " | cut -d" " -f1,3- | grep -v " \\(core\\|console\\|\\.\\)" | sed "s/ [A-Z][a-z][a-z] .*:[0-9]* / /"',
  masks:
    'for f in acpi asound interrupts kcore keys latency_stats sched_debug scsi timer_list; do echo $f; head -c1 /proc/$f 2>/dev/null | wc -c; ls -A /proc/$f 2>/dev/null | wc -w; done',
  'read-only':
    'for f in /proc/sys/kernel/hostname /proc/sysrq-trigger /proc/irq/x /sys/x; do (: >> $f) 2>&1; done',
  names: 'hostname; cat /proc/sys/kernel/domainname /proc/sys/kernel/msgmax',
  cgroup: 'sort /proc/self/cgroup | cut -d: -f2- | grep -v hugetlb',
  namespaces: 'ls /proc/self/ns',
} as const;

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox.dispose());

const script = Object.entries(PROBES)
  .map(([name, probe]) => `echo "=== ${name}"; ${probe}`)
  .join('\n');

function parseSections(output: string): Record<string, string> {
  const parts = output.split(/^=== (.*)\n/m).slice(1);
  return Object.fromEntries(parts.flatMap((name, i) => (i % 2 === 0 ? [[name, parts[i + 1] ?? '']] : [])));
}

async function underTcrun(
  service: Partial<ServiceConfig>,
): Promise<{ container: Container; output: string }> {
  const container = await sandbox.run(script, { service });
  await container.ended();
  return { container, output: container.output() };
}

function underRunc({ computed, bundle }: Container): string {
  const { layers } = computed.monitor.root;
  const place = join(sandbox.directory, 'runc', computed.monitor.id);
  for (const name of ['rootfs', 'upper', 'work']) mkdirSync(join(place, name), { recursive: true });
  const options = `lowerdir=${layers.join(':')},upperdir=${place}/upper,workdir=${place}/work`;
  execFileSync('mount', ['-t', 'overlay', '-o', options, 'overlay', join(place, 'rootfs')]);
  try {
    // The user's numbers are in the configuration; only tcrun reads names.
    writeFileSync(join(place, 'config.json'), JSON.stringify(computed.config).replaceAll(bundle, place));
    for (const { name, content } of computed.files) writeFileSync(join(place, name), content);
    const id = `tcompose-test-${computed.monitor.id.slice(0, 12)}`;
    const result = spawnSync(runc ?? '', ['--root', join(place, 'state'), 'run', '--bundle', place, id], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(result.stderr).toBe('');
    return result.stdout;
  } finally {
    execFileSync('umount', [join(place, 'rootfs')]);
    removeCgroupParents(computed.monitor.table);
  }
}

/** runc removes the cgroup that it was told of, in every hierarchy of the host, and leaves the one above. */
function removeCgroupParents(table: string): void {
  for (const hierarchy of ['.', ...readdirSync('/sys/fs/cgroup')]) {
    const parent = join('/sys/fs/cgroup', hierarchy, table);
    if (existsSync(parent)) spawnSync('rmdir', [parent]);
  }
}

describe.runIf(runc)('config.json under runc', () => {
  it.each([
    ['as it is by default', {}],
    ['for another user', { user: 'app', group_add: ['extra'], working_dir: '/home' }],
    [
      'with fewer privileges',
      { cap_drop: ['ALL'], cap_add: ['KILL'], security_opt: ['no-new-privileges'], read_only: true },
    ],
    ['unconfined', { security_opt: ['seccomp=unconfined', 'systempaths=unconfined'], cap_add: ['ALL'] }],
    [
      'with settings',
      {
        hostname: 'box',
        sysctls: { 'kernel.msgmax': '4096' },
        ulimits: { nofile: { soft: 100, hard: 200 }, core: { soft: 0, hard: 0 } },
        tmpfs: ['/scratch:size=1m,mode=1770', '/run'],
        shm_size: 1 << 20,
        oom_score_adj: 500,
        environment: { A: '1' },
        pids_limit: 100,
        mem_limit: 64 << 20,
      },
    ],
  ] satisfies [string, Partial<ServiceConfig>][])('%s', async (_, service) => {
    const { container, output } = await underTcrun(service);
    const ours = parseSections(output);
    const theirs = parseSections(underRunc(container));
    expect(Object.keys(ours)).toEqual(Object.keys(PROBES));
    const masked = container.computed.config.linux.maskedPaths ?? [];
    const isShown = (line: string) => !masked.some((path) => line.startsWith(`${path} `));
    const show = (text = '') => text.split('\n').filter(isShown);
    for (const name of Object.keys(PROBES)) expect.soft(show(ours[name]), name).toEqual(show(theirs[name]));
  });
});
