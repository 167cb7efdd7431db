// The content of the image `host`, from the shape of this machine. Pure.

import { dirname } from 'node:path';
import { sha256 } from '../base/sha256.ts';
import type { HostSystem } from './host-system.ts';
import type { ImageConfig, ImageMount } from './image.ts';

export interface LayerEntry {
  /** Absolute in the image; parents come before children. */
  readonly path: string;
  readonly type: 'directory' | 'file' | 'link';
  readonly mode: number;
  readonly owner: number;
  /** Of a file. */
  readonly content?: string | Buffer;
  /** Of a link. */
  readonly target?: string;
}

const NODE_DIRECTORY = '/opt/tcompose/bin';
const APP = 1000;
const NOBODY = 65534;

const PASSWD = `root:x:0:0:root:/root:/bin/sh
app:x:${APP}:${APP}:app:/home/app:/bin/sh
nobody:x:${NOBODY}:${NOBODY}:nobody:/nonexistent:/usr/sbin/nologin
`;

/** tty: the group that owns terminals, 5 in the options of /dev/pts. */
const GROUP = `root:x:0:
tty:x:5:
app:x:${APP}:
nogroup:x:${NOBODY}:
`;

const NSSWITCH = `passwd: files
group: files
shadow: files
hosts: files dns
networks: files
protocols: files
services: files
`;

/** The places of kernel file systems and of mounts are there, so that a read-only root can have them. */
const DIRECTORIES = [
  ...['/dev', '/proc', '/sys', '/run', '/tmp', '/var', '/var/tmp', '/var/cache', '/var/lib', '/var/log'],
  ...['/home', '/home/app', '/root', '/srv', '/mnt', '/opt', '/etc', '/usr', '/usr/local'],
];

const MODES: Readonly<Record<string, number>> = { '/tmp': 0o1777, '/var/tmp': 0o1777, '/root': 0o700 };
const OWNERS: Readonly<Record<string, number>> = { '/home/app': APP };

/** Sorted by path. */
export function computeHostEntries(system: HostSystem): readonly LayerEntry[] {
  const files: Readonly<Record<string, string | Buffer>> = {
    '/etc/passwd': PASSWD,
    '/etc/group': GROUP,
    '/etc/nsswitch.conf': NSSWITCH,
    '/etc/hosts': '',
    '/etc/hostname': '',
    '/etc/resolv.conf': '',
    [`${NODE_DIRECTORY}/node`]: '',
    ...system.files,
  };
  const links: Readonly<Record<string, string>> = {
    ...system.links,
    '/etc/os-release': '../usr/lib/os-release',
    '/etc/mtab': '../proc/self/mounts',
    ...Object.fromEntries(
      Object.entries(system.alternatives).map(([name, target]) => [`/etc/alternatives/${name}`, target]),
    ),
  };
  const leaves = [...Object.keys(files), ...Object.keys(links)];
  const directories = new Set(
    [...DIRECTORIES, ...system.directories, ...leaves.map(dirname)].flatMap(withParents),
  );
  const entries: LayerEntry[] = [
    ...[...directories].map((path) => describeDirectory(path)),
    ...Object.entries(files).map(([path, content]) => describeFile(path, content)),
    ...Object.entries(links).map(([path, target]) => ({
      path,
      type: 'link' as const,
      mode: 0o777,
      owner: 0,
      target,
    })),
  ];
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function withParents(path: string): string[] {
  return path === '/' ? [] : [...withParents(dirname(path)), path];
}

function describeDirectory(path: string): LayerEntry {
  return { path, type: 'directory', mode: MODES[path] ?? 0o755, owner: OWNERS[path] ?? 0 };
}

function describeFile(path: string, content: string | Buffer): LayerEntry {
  return { path, type: 'file', mode: path.startsWith(NODE_DIRECTORY) ? 0o755 : 0o644, owner: 0, content };
}

/** Read-only, for the mounts below as well; what has power on the host by its set-uid bit has none in a container. */
const BIND_OPTIONS = ['rro', 'rnosuid', 'rnodev'];

export function computeHostMounts(system: HostSystem): readonly ImageMount[] {
  return [
    ...system.directories.map((path) => ({ source: path, target: path, options: BIND_OPTIONS })),
    { source: system.node.path, target: `${NODE_DIRECTORY}/node`, options: BIND_OPTIONS },
  ];
}

export const HOST_CONFIG: ImageConfig = {
  Env: [`PATH=${NODE_DIRECTORY}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`],
  Cmd: ['/bin/sh'],
  WorkingDir: '/',
};

/** Hex. */
export function digestEntries(entries: readonly LayerEntry[]): string {
  const parts = entries.flatMap(({ path, type, mode, owner, content = '', target = '' }) => [
    JSON.stringify([path, type, mode, owner, target, Buffer.byteLength(content)]),
    content,
  ]);
  return sha256(...parts);
}

/** Covers what the image itself holds and which Node it runs; the programs of /usr are the machine's own affair. */
export function computeHostImageId(entries: readonly LayerEntry[], system: HostSystem): string {
  return `sha256:${sha256(digestEntries(entries), JSON.stringify([HOST_CONFIG, system.node.version]))}`;
}
