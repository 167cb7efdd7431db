// `driver_opts` of the driver `local`, as moby's volume/local reads them: a directory of the host that is bound, or a file
// system that is mounted when the first container uses the volume and unmounted with the last. Pure.

import { TcError } from '../../base/error.ts';
import type { VolumeConfig } from '../../project/model.ts';

export interface VolumeSource {
  /** A directory of the host instead of the volume's own. */
  readonly source?: string;
  readonly readOnly?: boolean;
  /** What is mounted on the volume's own directory. */
  readonly mount?: VolumeMount;
}

/** In the terms of mount(2). */
export interface VolumeMount {
  readonly type: string;
  readonly device: string;
  readonly flags: number;
  readonly data: string;
}

const OPTIONS = ['type', 'o', 'device'];

/** MS_* of mount(2). A name that is not here is the file system's own. */
const FLAGS: Readonly<Record<string, { readonly set?: number; readonly clear?: number }>> = {
  defaults: {},
  ro: { set: 1 },
  rw: { clear: 1 },
  nosuid: { set: 2 },
  suid: { clear: 2 },
  nodev: { set: 4 },
  dev: { clear: 4 },
  noexec: { set: 8 },
  exec: { clear: 8 },
  sync: { set: 16 },
  async: { clear: 16 },
  dirsync: { set: 128 },
  noatime: { set: 1024 },
  atime: { clear: 1024 },
  nodiratime: { set: 2048 },
  diratime: { clear: 2048 },
  relatime: { set: 1 << 21 },
  norelatime: { clear: 1 << 21 },
  strictatime: { set: 1 << 24 },
  nostrictatime: { clear: 1 << 24 },
  lazytime: { set: 1 << 25 },
};

const BINDS = new Set(['bind', 'rbind']);
const BIND_TYPES = new Set(['none', 'bind', '']);

/** Throws what is wrong with the driver or its options, by name. */
export function describeVolumeSource(config: VolumeConfig): VolumeSource {
  const { driver = 'local', driver_opts: options = {} } = config;
  if (driver !== 'local') {
    throw refuse(config, `driver "${driver}" is not supported`, 'leave out `driver`, or write `local`');
  }
  for (const name of Object.keys(options)) {
    if (name === 'size') {
      throw refuse(config, 'driver_opts.size: quotas are not supported', 'for a tmpfs write `o: size=...`');
    }
    if (!OPTIONS.includes(name)) {
      throw refuse(
        config,
        `driver_opts.${name} is not an option of the driver local`,
        'it has type, o and device',
      );
    }
  }
  const { type = '', o = '', device = '' } = options;
  if (type === '' && o === '' && device === '') return {};
  const words = o.split(',').filter(Boolean);
  if (device === '') throw refuse(config, 'driver_opts.device is missing', 'it says what to mount');
  return words.some((word) => BINDS.has(word))
    ? describeBind(config, { type, words, device })
    : { mount: describeMount(config, { type, words, device }) };
}

interface Options {
  readonly type: string;
  readonly words: readonly string[];
  readonly device: string;
}

function describeBind(config: VolumeConfig, { type, words, device }: Options): VolumeSource {
  if (!BIND_TYPES.has(type)) {
    throw refuse(config, `driver_opts.type: "${type}" with o: bind`, 'a bind is of type none');
  }
  if (!device.startsWith('/')) {
    throw refuse(config, `driver_opts.device: "${device}" is not an absolute path`, 'a bind needs one');
  }
  const strange = words.find((word) => !BINDS.has(word) && word !== 'ro' && word !== 'rw');
  if (strange !== undefined) {
    throw refuse(config, `driver_opts.o: "${strange}" has no effect on a bind`, 'a bind takes ro or rw');
  }
  return { source: device, ...(words.includes('ro') ? { readOnly: true } : {}) };
}

function describeMount(config: VolumeConfig, { type, words, device }: Options): VolumeMount {
  if (BIND_TYPES.has(type)) {
    throw refuse(
      config,
      type === '' ? 'driver_opts.type is missing' : `driver_opts.type: "${type}" without o: bind`,
      'name a file system such as nfs or tmpfs, or write o: bind for a directory of this host',
    );
  }
  let flags = 0;
  const data: string[] = [];
  for (const word of words) {
    const flag = FLAGS[word];
    if (flag === undefined) data.push(word);
    else flags = (flags & ~(flag.clear ?? 0)) | (flag.set ?? 0);
  }
  if (words.includes('remount')) {
    throw refuse(config, 'driver_opts.o: "remount" mounts nothing', 'leave it out');
  }
  return { type, device, flags, data: data.join(',') };
}

/** The host that the address of a network file system is to be looked up for; undefined if it is there, or none. */
export function findServer({ type, device, data }: VolumeMount): string | undefined {
  const given = /(?:^|,)(?:addr|ip)=([^,]*)/.exec(data)?.[1];
  if (given !== undefined) return given;
  if (type === 'nfs' || type === 'nfs4') return /^\[?([^/\]]+?)\]?:\//.exec(device)?.[1];
  return type === 'cifs' ? /^\/\/([^/]+)/.exec(device)?.[1] : undefined;
}

/** The same mount with the server's address, which the kernel does not look up itself. */
export function withAddress(mount: VolumeMount, address: string): VolumeMount {
  const name = mount.type === 'cifs' ? 'ip' : 'addr';
  const rest = mount.data.split(',').filter((word) => word !== '' && !/^(?:addr|ip)=/.test(word));
  return { ...mount, data: [...rest, `${name}=${address}`].join(',') };
}

/** Which option made mount(2) fail with `errno`. */
export function blameOption(errno: string | undefined, mount: VolumeMount): string {
  if (errno === 'ENODEV') return `driver_opts.type: this kernel has no file system "${mount.type}"`;
  if (errno === 'EINVAL')
    return `driver_opts.o: ${mount.type} does not take "${mount.data}", or does not find itself on ${mount.device}`;
  return `driver_opts.device: ${mount.device} cannot be mounted (${errno ?? 'unknown error'})`;
}

function refuse(config: VolumeConfig, what: string, hint: string): TcError {
  return new TcError(`volume ${config.name}: ${what}`, { code: 'volume-driver', hints: [hint] });
}
