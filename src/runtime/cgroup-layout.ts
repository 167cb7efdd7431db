// Which cgroup hierarchies the host has, where they are mounted, and where this process stands in each. Pure parsing of
// /proc/self/mountinfo, /proc/self/cgroup (cgroups(7)) and cgroup.controllers.

/** One v1 hierarchy. Co-mounted controllers (`cpu,cpuacct`) share one. */
export interface V1Hierarchy {
  /** Controllers, or `name=systemd` for a named hierarchy without any. */
  readonly controllers: readonly string[];
  /** Mount point. */
  readonly mount: string;
  /** Cgroup of this process, relative to the mount point: `/` or `/user.slice/...`. */
  readonly own: string;
}

export interface UnifiedHierarchy {
  readonly mount: string;
  readonly own: string;
  /** Controllers that the root of the hierarchy can hand down. */
  readonly controllers: readonly string[];
}

export interface CgroupLayout {
  readonly v1: readonly V1Hierarchy[];
  readonly unified?: UnifiedHierarchy;
}

interface CgroupMount {
  readonly root: string;
  readonly mount: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** `controllers` is the text of cgroup.controllers at the root of the v2 mount, if there is one. */
export function parseCgroupLayout(mountinfo: string, cgroup: string, controllers: string): CgroupLayout {
  const memberships = parseMemberships(cgroup);
  const mounts = parseCgroupMounts(mountinfo);
  const v1: V1Hierarchy[] = [];
  for (const [key, path] of memberships) {
    if (key === '') continue;
    const names = key.split(',');
    const mount = mounts.find((m) => m.type === 'cgroup' && names.every((name) => m.options.includes(name)));
    if (mount) v1.push({ controllers: names, mount: mount.mount, own: below(mount.root, path) });
  }
  const unified = mounts.find((mount) => mount.type === 'cgroup2');
  if (!unified) return { v1 };
  return {
    v1,
    unified: {
      mount: unified.mount,
      own: below(unified.root, memberships.get('') ?? '/'),
      controllers: controllers.split(/\s+/).filter(Boolean),
    },
  };
}

/** Mount point of the v2 hierarchy, to read its cgroup.controllers. */
export function findUnifiedMount(mountinfo: string): string | undefined {
  return parseCgroupMounts(mountinfo).find((mount) => mount.type === 'cgroup2')?.mount;
}

/** `ID:CONTROLLERS:PATH` a line; the v2 hierarchy has an empty controller list. */
function parseMemberships(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\d+:([^:]*):(.*)$/.exec(line);
    if (match) found.set(match[1] ?? '', match[2] ?? '/');
  }
  return found;
}

/** `ID PARENT DEV ROOT MOUNTPOINT OPTIONS [TAGS...] - TYPE SOURCE SUPER_OPTIONS` a line (proc(5)). */
function parseCgroupMounts(text: string): CgroupMount[] {
  return text.split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ');
    const [, , , root, mount] = before?.split(' ') ?? [];
    const [type, , options] = after?.split(' ') ?? [];
    if (!root || !mount || (type !== 'cgroup' && type !== 'cgroup2')) return [];
    return [
      { root: decodeOctal(root), mount: decodeOctal(mount), type, options: (options ?? '').split(',') },
    ];
  });
}

/** mountinfo writes space, tab, newline and backslash in octal. */
function decodeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** In a container the mount's root is not the hierarchy's: our own path is given from the hierarchy's. */
function below(root: string, path: string): string {
  if (root === '/' || root === path) return root === path ? '/' : path;
  return path.startsWith(`${root}/`) ? path.slice(root.length) : '/';
}
