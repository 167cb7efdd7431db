// What a batch of changed files means: for each service what is rebuilt, copied, removed, restarted and run. Pure.

import { posix } from 'node:path';
import type { HookConfig } from '../project/service-config.ts';
import type { ObservedContainer } from './observed-state.ts';
import { copies, isAtOrBelow, type WatchAction, type WatchRule } from './watch-rules.ts';

export type SourceKind = 'directory' | 'file' | 'link';

/** Something below a rule's path is not what it was. */
export interface SourceChange {
  /** Index of the rule. */
  readonly rule: number;
  /** Relative to the rule's path; empty: that itself. */
  readonly path: string;
  /** Absent: it is gone. */
  readonly kind?: SourceKind;
  /** Absent: it is new. */
  readonly was?: SourceKind;
}

export interface WatchCopy {
  /** On the host. */
  readonly from: string;
  /** In the container. */
  readonly to: string;
  /** A directory that was there, and has another mode or owner. */
  readonly isChangedDirectory?: boolean;
}

export interface ServiceWork {
  readonly service: string;
  /** The paths of this host because of which it is done, those that are gone included; empty: it is not done. */
  readonly rebuild: readonly string[];
  readonly sync: SyncWork;
  readonly restart: readonly string[];
  /** Each once, in the order of the rules. */
  readonly execs: readonly HookConfig[];
}

export interface SyncWork {
  readonly because: readonly string[];
  readonly copies: readonly WatchCopy[];
  /** Paths in the container; whole directories, and all that is known to have been below them. */
  readonly removals: readonly string[];
}

/** In the order in which the services come among the rules. */
export function planBatch(rules: readonly WatchRule[], changes: readonly SourceChange[]): ServiceWork[] {
  const services = [...new Set(rules.map(({ service }) => service))];
  return services.flatMap((service) => {
    const own = changes.filter((change) => rules[change.rule]?.service === service);
    return own.length === 0 ? [] : [planService(service, rules, own)];
  });
}

function planService(
  service: string,
  rules: readonly WatchRule[],
  changes: readonly SourceChange[],
): ServiceWork {
  const causes = (actions: readonly WatchAction[]) =>
    listPaths(
      rules,
      changes.filter(({ rule }) => actions.includes((rules[rule] as WatchRule).action)),
    );
  const rebuild = causes(['rebuild']);
  const due = rules.filter((_, index) => changes.some(({ rule }) => rule === index));
  return {
    service,
    rebuild,
    sync: planCopies(rules, changes),
    // A container that is made anew has just been started; one that is synced after that has to be started again.
    restart: causes(rebuild.length > 0 ? ['sync+restart'] : ['restart', 'sync+restart']),
    execs: due.flatMap(({ exec }) => exec ?? []),
  };
}

function listPaths(rules: readonly WatchRule[], changes: readonly SourceChange[]): string[] {
  return [...new Set(changes.map((change) => hostPath(rules, change)))].sort();
}

/** The copies and removals that changes ask for. Of two rules with one target the later one counts. */
export function planCopies(rules: readonly WatchRule[], changes: readonly SourceChange[]): SyncWork {
  const copied = new Map<string, WatchCopy>();
  const removed = new Set<string>();
  for (const change of changes) {
    const rule = rules[change.rule];
    if (rule?.target === undefined || !copies(rule)) continue;
    const to = targetOf(rule.path, rule.target, change);
    if (needsRemoval(change)) removed.add(to);
    if (change.kind === undefined) continue;
    copied.delete(to);
    const isChangedDirectory = change.kind === 'directory' && change.was === 'directory';
    copied.set(to, { from: hostPath(rules, change), to, ...(isChangedDirectory && { isChangedDirectory }) });
  }
  // What another rule brings there at the same time is put there after the removal.
  const synced = changes.filter(({ rule }) => rules[rule] !== undefined && copies(rules[rule]));
  return {
    because: listPaths(rules, synced),
    copies: sortByTarget([...copied.values()]),
    removals: [...removed].sort(),
  };
}

function targetOf(source: string, target: string, { kind, path, was }: SourceChange): string {
  const isFileInto = path === '' && (kind ?? was) !== 'directory' && target.endsWith('/');
  const to = posix.join(target, isFileInto ? posix.basename(source) : path);
  return to === '/' ? to : to.replace(/\/$/, '');
}

function needsRemoval({ kind, path, was }: SourceChange): boolean {
  // The target of a whole directory is the image's, and more may be in it than was copied.
  if (kind === undefined) return path !== '' || was !== 'directory';
  return was !== undefined && (was === 'directory') !== (kind === 'directory');
}

/** Directories before what is in them. */
function sortByTarget(list: readonly WatchCopy[]): WatchCopy[] {
  return [...list].sort((a, b) => (a.to < b.to ? -1 : Number(a.to > b.to)));
}

function hostPath(rules: readonly WatchRule[], { path, rule }: SourceChange): string {
  return posix.join(rules[rule]?.path ?? '/', path);
}

/** Copies into one directory of a container. */
export interface CopyGroup {
  readonly directory: string;
  /** Directories, which are there, have changed themselves. */
  readonly changeDirectories: boolean;
  /** `name`: relative to the directory. */
  readonly files: readonly { readonly path: string; readonly name: string }[];
}

export interface ContainerSync {
  readonly removals: readonly string[];
  readonly groups: readonly CopyGroup[];
}

/** Where something is mounted in a container that is not of its image. */
export function listMountTargets({ mounts, recorded }: ObservedContainer): string[] {
  const memory = (recorded.tmpfs ?? []).map((entry) => posix.resolve('/', entry.split(':')[0] ?? ''));
  return [...mounts.map(({ target }) => target), ...memory];
}

/**
 * The work in a container with mounts at these places: copies go to the mount that is nearest, and what something is
 * mounted in is not removed whole.
 */
export function planSync(
  { copies: wanted, removals }: Omit<SyncWork, 'because'>,
  mounts: readonly string[],
): ContainerSync {
  // What is mounted is as it is mounted.
  const own = wanted.filter(({ to }) => !mounts.includes(to));
  const groups = [false, true].flatMap((changeDirectories) =>
    groupCopies(
      own.filter((copy) => (copy.isChangedDirectory ?? false) === changeDirectories),
      mounts,
      changeDirectories,
    ),
  );
  const whole = removals.filter((path) => !mounts.some((mount) => isAtOrBelow(mount, path)));
  return {
    removals: whole.filter((path) => !whole.some((other) => other !== path && isAtOrBelow(path, other))),
    groups,
  };
}

function groupCopies(
  wanted: readonly WatchCopy[],
  mounts: readonly string[],
  changeDirectories: boolean,
): CopyGroup[] {
  const groups = new Map<string, { path: string; name: string }[]>();
  for (const { from, to } of wanted) {
    const directory = nearestMount(to, mounts);
    const list = groups.get(directory) ?? [];
    groups.set(directory, list);
    list.push({ path: from, name: posix.relative(directory, to) });
  }
  return [...groups].map(([directory, files]) => ({ directory, changeDirectories, files }));
}

function nearestMount(path: string, mounts: readonly string[]): string {
  const above = mounts.filter((mount) => isAtOrBelow(path, mount));
  return above.reduce((nearest, mount) => (mount.length > nearest.length ? mount : nearest), '/');
}
