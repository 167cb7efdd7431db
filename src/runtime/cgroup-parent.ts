// `cgroup_parent`: the cgroup of the host below which a container stands. Pure.

/**
 * Path below the root of each hierarchy, without slashes at its ends; undefined if it is none. `a-b.slice` is
 * `a.slice/a-b.slice`, as systemd nests its slices (systemd.slice(5)), so that what the host limits there counts.
 */
export function parseCgroupParent(text: string): string | undefined {
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  const isPlain = parts.every((part) => part !== '..' && !/\p{Cc}/u.test(part));
  if (!isPlain) return undefined;
  const [only = '', ...others] = parts;
  return others.length === 0 && only.endsWith('.slice') ? nestSlice(only) : parts.join('/');
}

function nestSlice(name: string): string {
  const words = name.slice(0, -'.slice'.length).split('-');
  if (words.every((word) => word === '')) return '';
  return words.map((_, index) => `${words.slice(0, index + 1).join('-')}.slice`).join('/');
}

/** `a/b/c` -> `a`, `a/b`, `a/b/c` */
export function listAncestors(path: string): readonly string[] {
  const parts = path.split('/').filter(Boolean);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
