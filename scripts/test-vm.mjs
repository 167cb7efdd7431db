// `npm run test:vm`: boots Debian's own kernel in qemu (software emulation, so it runs anywhere and is slow), with cgroup v2
// only and this machine's files below a writable layer, and runs there what depends on the kernel: native tests and the
// quickstart. What this kernel lacks is what the fallbacks are for.
//   TCOMPOSE_VM_PACKAGE  the kernel's package, default: the one that linux-image-amd64 depends on
//   TCOMPOSE_VM_TESTS    other test files, separated by blanks
//   TCOMPOSE_VM_MINUTES  time bound, default 30

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInitramfs } from '../test/vm/initramfs.mjs';
import { prepare, top } from './prepare.mjs';

const QEMU = 'qemu-system-x86_64';
const TESTS = [
  'test/native/tcrun/start.test.ts',
  'test/native/tcrun/fallback.test.ts',
  'test/native/tcrun/life.test.ts',
  'test/native/tcrun/user-namespace.test.ts',
  'test/native/tcrun/unified.test.ts',
  'test/e2e/quickstart.test.ts',
];
/** What the kernel would load by itself if the guest had a modprobe. */
const MODULES = [
  ...[
    // Of libcrc32c a soft dependency, which no table of symbols shows.
    'crc32c_generic',
    'virtio_pci',
    '9pnet_virtio',
    '9p',
    'overlay',
    'loop',
    'ext4',
    'veth',
    'bridge',
    'macvlan',
    'dummy',
    'tun',
    'inet_diag',
    'tcp_diag',
    'udp_diag',
  ],
  ...[
    'nf_tables',
    'nft_chain_nat',
    'nft_ct',
    'nft_nat',
    'nft_masq',
    'nft_redir',
    'nft_numgen',
    'nft_fib_inet',
    'nft_log',
  ],
  ...['nft_reject_inet', 'nf_conntrack_netlink', 'nft_hash', 'nft_limit'],
];

function skip(why) {
  console.log(`skipped: test:vm (${why})`);
  process.exit(0);
}

/** The directory that the kernel's package was unpacked to; downloaded once, never installed. */
function fetchKernel() {
  const directory = join(top, 'runtime/build/vm');
  mkdirSync(directory, { recursive: true });
  const unpacked = () => existsSync(join(directory, 'kernel/boot')) && findVersion(join(directory, 'kernel'));
  if (unpacked()) return join(directory, 'kernel');
  const name = process.env['TCOMPOSE_VM_PACKAGE'] ?? findPackage();
  if (name === undefined) skip('no Debian kernel package is known here: apt-get update');
  if (spawnSync('apt-get', ['download', name], { cwd: directory, stdio: 'inherit' }).status !== 0) {
    skip(`the package ${name} cannot be downloaded`);
  }
  const archive = readdirSync(directory).find((file) => file.endsWith('.deb'));
  const done = spawnSync('dpkg-deb', ['-x', archive, 'kernel'], { cwd: directory, stdio: 'inherit' });
  rmSync(join(directory, archive));
  if (done.status !== 0 || !unpacked()) skip(`the package ${name} cannot be unpacked`);
  return join(directory, 'kernel');
}

function findPackage() {
  const { stdout } = spawnSync('apt-cache', ['depends', 'linux-image-amd64'], { encoding: 'utf8' });
  return /Depends: (linux-image-\S+)/.exec(stdout ?? '')?.[1];
}

function findVersion(kernel) {
  return readdirSync(join(kernel, 'lib/modules'))[0];
}

function writeImage(directory, kernel) {
  const modules = join(kernel, 'lib/modules', findVersion(kernel), 'kernel');
  const image = join(directory, 'initramfs');
  writeFileSync(
    image,
    createInitramfs({
      modules,
      wanted: MODULES,
      busybox: '/bin/busybox',
      init: join(top, 'test/vm/init.sh'),
    }),
  );
  return image;
}

/** Runs to the guest's power-off; its exit code stands in the last line that it prints. */
function boot(kernel, image, tests) {
  const shell = [process.execPath, top, ...tests].map((word) => word.replaceAll(/[^\w./-]/g, '')).join('|');
  const args = [
    ...['-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '3072'],
    ...['-nographic', '-no-reboot', '-nic', 'none', '-monitor', 'none', '-serial', 'stdio'],
    ...['-kernel', join(kernel, 'boot', `vmlinuz-${findVersion(kernel)}`), '-initrd', image],
    ...['-append', `console=ttyS0 quiet panic=-1 cgroup_no_v1=all tcompose=${shell}`],
    ...['-virtfs', 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap'],
  ];
  const minutes = Number(process.env['TCOMPOSE_VM_MINUTES'] ?? 30);
  return new Promise((resolve) => {
    const guest = spawn(QEMU, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const timer = setTimeout(() => guest.kill('SIGKILL'), minutes * 60_000);
    let tail = '';
    guest.stdout.on('data', (chunk) => {
      process.stdout.write(chunk);
      tail = `${tail}${chunk}`.slice(-2000);
    });
    guest.on('close', (_, signal) => {
      clearTimeout(timer);
      if (signal) console.log(`\nFAILED: the guest was still at work after ${minutes} minutes`);
      resolve(Number(/tcompose-vm-exit (\d+)/.exec(tail)?.[1] ?? 1));
    });
  });
}

if (process.arch !== 'x64') skip('only for x86-64');
if (spawnSync(QEMU, ['--version']).error) skip(`${QEMU} is not installed: apt-get install qemu-system-x86`);
if (process.getuid?.() !== 0) skip("needs root: the guest reads this machine's files");
if (!existsSync('/bin/busybox')) skip('busybox is not installed: apt-get install busybox-static');
prepare();
spawnSync('make', ['-s', '-C', 'runtime', 'test-programs'], { cwd: top, stdio: 'inherit' });
const kernel = fetchKernel();
const directory = mkdtempSync(join(tmpdir(), 'tcompose-vm-'));
const begin = Date.now();
try {
  const tests = process.env['TCOMPOSE_VM_TESTS']?.split(' ').filter(Boolean) ?? TESTS;
  process.exitCode = await boot(kernel, writeImage(directory, kernel), tests);
} finally {
  rmSync(directory, { recursive: true });
}
const seconds = Math.round((Date.now() - begin) / 1000);
console.log(
  `${process.exitCode === 0 ? 'ok' : 'FAILED'}: test:vm on Linux ${findVersion(kernel)}, ${seconds} s`,
);
