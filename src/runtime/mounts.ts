// The mounts of a container in the order in which they are made: kernel file systems, what the image brings, what the
// service asks for, and the files of the bundle.

import { posix } from 'node:path';
import { TcError } from '../base/error.ts';
import type { ImageMount } from '../image/image.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import type { ImageVolume, ResolvedBind } from './container-input.ts';
import type { OciMount } from './oci-config.ts';
import { parseSecurityOptions } from './security-options.ts';

const DEFAULT_SHM_SIZE = 64 * 1024 * 1024;

/** Under /run and /tmp a program must not find what the host's administrator would refuse it elsewhere. */
const TMPFS_DEFAULTS = ['nosuid', 'nodev', 'noexec'];
const TMPFS_FLAGS = new Set([
  ...['ro', 'rw', 'suid', 'nosuid', 'dev', 'nodev', 'exec', 'noexec', 'sync', 'async', 'dirsync'],
  ...['atime', 'noatime', 'diratime', 'nodiratime', 'relatime', 'norelatime', 'strictatime', 'nostrictatime'],
]);
const TMPFS_VALUES = new Set(['size', 'mode', 'uid', 'gid', 'nr_inodes', 'nr_blocks', 'mpol', 'huge']);

export interface MountInput {
  readonly service: ServiceConfig;
  readonly imageMounts: readonly ImageMount[];
  readonly binds: readonly ResolvedBind[];
  readonly imageVolumes: readonly ImageVolume[];
  /** hosts, hostname, resolv.conf: target -> absolute source. */
  readonly files: Readonly<Record<string, string>>;
}

export function computeMounts(input: MountInput): readonly OciMount[] {
  const { service, binds } = input;
  const own = [
    ...binds.map(formatBind),
    ...input.imageVolumes.map(formatImageVolume),
    ...computeTmpfs(service),
  ];
  const covered = new Set(own.map((mount) => mount.destination));
  const files = Object.entries(input.files)
    .filter(([target]) => !covered.has(target))
    .map(([target, source]) => formatBind({ source, target, readOnly: service.read_only === true }));
  return [
    ...kernelMounts(service).filter((mount) => !covered.has(mount.destination)),
    ...input.imageMounts.map(formatImageMount),
    ...sortByDepth([...own, ...files]),
  ];
}

function kernelMounts(service: ServiceConfig): OciMount[] {
  const strict = ['nosuid', 'noexec', 'nodev'];
  const access = service.privileged ? 'rw' : 'ro';
  const hasSharedMemory = service.ipc !== 'none';
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: strict },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...strict, access] },
    {
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: [...strict, parseSecurityOptions(service.security_opt ?? []).writableCgroups ? 'rw' : access],
    },
    // Shows the queues of the IPC namespace that the process is in, whosever that is.
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: strict },
    ...(hasSharedMemory ? [sharedMemory(service)] : []),
  ];
}

/** 0 is nothing said; for tmpfs it would mean no limit. */
function sharedMemory({ ipc, shm_size }: ServiceConfig): OciMount {
  const destination = '/dev/shm';
  if (ipc === 'host') return formatBind({ source: destination, target: destination, readOnly: false });
  const size = shm_size || DEFAULT_SHM_SIZE;
  const options = ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${size}`];
  return { destination, type: 'tmpfs', source: 'shm', options };
}

function formatImageMount({ source, target, options }: ImageMount): OciMount {
  return { destination: target, type: 'bind', source, options: ['rbind', 'rprivate', ...options] };
}

/** `subpath` is no option of overlayfs: tcrun mounts that part alone. */
function formatImageVolume({ target, layers, subpath }: ImageVolume): OciMount {
  return {
    destination: target,
    type: 'overlay',
    source: 'overlay',
    options: [
      'ro',
      ...layers.map((layer) => `lowerdir+=${layer}`),
      ...(subpath === undefined ? [] : [`subpath=${subpath}`]),
    ],
  };
}

/** `rro` makes the mounts below read-only too, as Docker does since version 25. */
function formatBind(bind: ResolvedBind): OciMount {
  const isRecursive = bind.recursive !== false;
  const readOnly = isRecursive && !bind.writableBelow ? 'rro' : 'ro';
  return {
    destination: posix.normalize(bind.target),
    type: 'bind',
    source: bind.source,
    options: [
      isRecursive ? 'rbind' : 'bind',
      bind.propagation || 'rprivate',
      ...(bind.readOnly ? [readOnly] : []),
      ...(bind.subpath === undefined ? [] : [`subpath=${bind.subpath}`]),
    ],
  };
}

/**
 * What is somebody's on the disk is his in the user namespace too. Layers are mapped one by one, as an overlay cannot be:
 * for tcrun the option means that.
 */
export function mapOwners(mount: OciMount): OciMount {
  const { type, options } = mount;
  if (type !== 'bind' && type !== 'overlay') return mount;
  return { ...mount, options: [...options, options.includes('rbind') ? 'ridmap' : 'idmap'] };
}

function computeTmpfs(service: ServiceConfig): OciMount[] {
  const short = (service.tmpfs ?? []).map((entry) => parseTmpfs(entry, service.name));
  const long = service.volumes
    .filter((mount) => mount.type === 'tmpfs')
    .map((mount) => {
      const { size, mode } = mount.tmpfs ?? {};
      const options = [
        ...(mount.read_only ? ['ro'] : []),
        ...(size ? [`size=${size}`] : []),
        ...(mode === undefined ? [] : [`mode=${mode.toString(8)}`]),
      ];
      return formatTmpfs(mount.target, options);
    });
  return [...short, ...long];
}

/** `/path` or `/path:option,option`. */
export function parseTmpfs(entry: string, serviceName: string): OciMount {
  const separator = entry.indexOf(':');
  const target = separator < 0 ? entry : entry.slice(0, separator);
  const options =
    separator < 0
      ? []
      : entry
          .slice(separator + 1)
          .split(',')
          .filter(Boolean);
  const wrong = options.find((option) => !isTmpfsOption(option));
  if (target.startsWith('/') && !wrong) return formatTmpfs(target, options);
  throw new TcError(
    wrong
      ? `service "${serviceName}": tmpfs "${target}" has the unknown option "${wrong}"`
      : `service "${serviceName}": tmpfs "${target}" is not an absolute path`,
    { code: 'invalid-tmpfs', hints: ['write /path, or /path:size=64m,mode=1777'] },
  );
}

function isTmpfsOption(option: string): boolean {
  const [name = '', value] = option.split('=');
  return value === undefined ? TMPFS_FLAGS.has(name) : TMPFS_VALUES.has(name) && value !== '';
}

/** An option replaces the default that says the opposite: `exec` for `noexec`. */
function formatTmpfs(target: string, options: readonly string[]): OciMount {
  const defaults = TMPFS_DEFAULTS.filter((option) => !options.includes(option.replace(/^no/, '')));
  return {
    destination: posix.normalize(target),
    type: 'tmpfs',
    source: 'tmpfs',
    options: [...new Set([...defaults, ...options])],
  };
}

/** A mount must not hide one that was made below it. Equal depths keep the order in which they were given. */
function sortByDepth(mounts: readonly OciMount[]): OciMount[] {
  const depth = ({ destination }: OciMount) => destination.split('/').filter(Boolean).length;
  return [...mounts].sort((a, b) => depth(a) - depth(b));
}
