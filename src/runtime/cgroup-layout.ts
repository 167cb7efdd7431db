// Which cgroup hierarchies the host has, where they are mounted, and where this process stands in each. Pure but for
// the reader that it is given; formats are those of cgroups(7) and proc(5).

/** The text of a file; undefined if it cannot be read. */
export type ReadText = (path: string) => string | undefined;

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
  /** Controllers that the root of the mount can hand down. */
  readonly controllers: readonly string[];
  /** The mount shows the kernel's root cgroup, which alone may have processes beside cgroups with controllers. */
  readonly isKernelRoot: boolean;
}

export interface CgroupLayout {
  readonly v1: readonly V1Hierarchy[];
  readonly unified?: UnifiedHierarchy;
  /** v1 cpu: the host's budget for real-time scheduling, where its kernel divides that by cgroup. */
  readonly realtime?: { readonly period: string; readonly runtime: string };
}

interface CgroupMount {
  readonly root: string;
  readonly mount: string;
  readonly type: string;
  readonly options: readonly string[];
}

export function observeCgroups(read: ReadText): CgroupLayout {
  const memberships = parseMemberships(read('/proc/self/cgroup') ?? '');
  const mounts = parseCgroupMounts(read('/proc/self/mountinfo') ?? '');
  const v1 = findV1(mounts, memberships);
  const unified = findUnified(mounts, memberships, read);
  const cpu = v1.find(({ controllers }) => controllers.includes('cpu'))?.mount;
  const [period, runtime] = [read(`${cpu}/cpu.rt_period_us`), read(`${cpu}/cpu.rt_runtime_us`)];
  return {
    v1,
    ...(unified && { unified }),
    ...(cpu && period && runtime && { realtime: { period: period.trim(), runtime: runtime.trim() } }),
  };
}

function findV1(mounts: readonly CgroupMount[], memberships: ReadonlyMap<string, string>): V1Hierarchy[] {
  return [...memberships].flatMap(([key, path]) => {
    const controllers = key.split(',').filter(Boolean);
    if (controllers.length === 0) return [];
    const found = mounts.find(
      ({ type, options }) => type === 'cgroup' && controllers.every((name) => options.includes(name)),
    );
    return found ? [{ controllers, mount: found.mount, own: below(found.root, path) }] : [];
  });
}

function findUnified(
  mounts: readonly CgroupMount[],
  memberships: ReadonlyMap<string, string>,
  read: ReadText,
): UnifiedHierarchy | undefined {
  const found = mounts.find(({ type }) => type === 'cgroup2');
  if (!found) return undefined;
  return {
    mount: found.mount,
    own: below(found.root, memberships.get('') ?? '/'),
    controllers: (read(`${found.mount}/cgroup.controllers`) ?? '').split(/\s+/).filter(Boolean),
    // Every cgroup but the root has a type.
    isKernelRoot: read(`${found.mount}/cgroup.type`) === undefined,
  };
}

/** `ID:CONTROLLERS:PATH` a line; the v2 hierarchy has an empty controller list. */
function parseMemberships(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\d+:([^:]*):(.*)$/.exec(line);
    if (match) found.set(match[1] ?? '', match[2] ?? '/');
  }
  return found;
}

/** `ID PARENT DEV ROOT MOUNTPOINT OPTIONS [TAGS...] - TYPE SOURCE SUPER_OPTIONS` a line. */
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
  if (root === path) return '/';
  if (root === '/') return path;
  return path.startsWith(`${root}/`) ? path.slice(root.length) : '/';
}
