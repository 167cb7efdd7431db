// The cgroups of one container: which directories, which writes, who goes where. On v1 and hybrid hosts limits live in
// the v1 hierarchies, and the v2 hierarchy, if any, serves to start into and to kill.

import { TcError } from '../base/error.ts';
import type { Warning } from '../base/warning.ts';
import type { CgroupLayout, UnifiedHierarchy } from './cgroup-layout.ts';
import { listAncestors } from './cgroup-parent.ts';
import { formatV1Writes } from './cgroup-v1.ts';
import { formatV2Writes } from './cgroup-v2.ts';
import type { DiskNumbers } from './cgroup-writes.ts';
import { compileDeviceFilter, type DeviceRule, formatDeviceWrites } from './device-rules.ts';
import type { CgroupSpec, CgroupWrite } from './monitor-spec.ts';
import type { ResourceLimits, Wish } from './resource-limits.ts';

export interface CgroupInput {
  readonly layout: CgroupLayout;
  readonly limits: ResourceLimits;
  /** `tcompose` or `tcompose-<instance>`: the parent of all containers in one place. */
  readonly table: string;
  /** `cgroup_parent`: path below the root of each hierarchy, where `table` is made. Empty: the root itself. */
  readonly within: string;
  readonly id: string;
  readonly serviceName: string;
  readonly disks: DiskNumbers;
  /** Undefined: every device of the host may be used. */
  readonly deviceRules?: readonly DeviceRule[];
}

/** Of v2, for every container: shares of processor and disks are by container, and figures of use are counted. */
const ALWAYS_UNIFIED = ['cpu', 'io', 'memory', 'pids'];

interface Need {
  readonly wish: keyof ResourceLimits;
  /** Of v1. */
  readonly controller: string;
  /** Of v2, if it has another name there; null: v2 has no such setting. */
  readonly unified?: string | null;
  /** The container starts without it. */
  readonly advisory: boolean;
}

const NEEDS: readonly Need[] = [
  { wish: 'cpuQuota', controller: 'cpu', advisory: false },
  { wish: 'cpuRealtime', controller: 'cpu', unified: null, advisory: false },
  { wish: 'cpuShares', controller: 'cpu', advisory: true },
  { wish: 'cpuset', controller: 'cpuset', advisory: false },
  { wish: 'memory', controller: 'memory', advisory: false },
  { wish: 'memoryReservation', controller: 'memory', advisory: true },
  { wish: 'memorySwap', controller: 'memory', advisory: true },
  { wish: 'swappiness', controller: 'memory', unified: null, advisory: true },
  { wish: 'oomKillDisable', controller: 'memory', unified: null, advisory: true },
  { wish: 'pids', controller: 'pids', advisory: false },
  { wish: 'ioWeight', controller: 'blkio', unified: 'io', advisory: true },
  { wish: 'ioDeviceWeights', controller: 'blkio', unified: 'io', advisory: true },
  { wish: 'ioRates', controller: 'blkio', unified: 'io', advisory: false },
];

function unifiedName({ controller, unified }: Need): string | undefined {
  return unified === null ? undefined : (unified ?? controller);
}

export function computeCgroup(input: CgroupInput): { spec: CgroupSpec; warnings: readonly Warning[] } {
  const warnings = checkControllers(input);
  const { layout, within } = input;
  // All of them: where a container had none of its own, its cgroup namespace would show it the host's.
  const { v1 } = layout;
  const parent = join(within, input.table);
  const own = join(parent, input.id);
  const unified = layout.unified && join(layout.unified.mount, own);
  const mountOf = (controller: string) =>
    v1.find(({ controllers }) => controllers.includes(controller))?.mount;
  const directoryOf = (controller: string) => {
    const mount = mountOf(controller);
    return mount && join(mount, own);
  };
  const freezer = directoryOf('freezer');
  const procs = unified ?? freezer ?? directoryOf(v1[0]?.controllers[0] ?? '');
  if (!procs) throw noCgroups();
  const mounts = [...v1, ...(layout.unified ? [layout.unified] : [])].map(({ mount }) => mount);
  const devices = confineDevices(input, directoryOf('devices'));
  const cpuMount = mountOf('cpu');
  const spec: CgroupSpec = {
    ...(within !== '' && {
      parents: mounts.flatMap((mount) => listAncestors(within).map((path) => join(mount, path))),
    }),
    directories: mounts.flatMap((mount) => [join(mount, parent), join(mount, own)]),
    writes: [
      ...formatCpuset(input, mountOf('cpuset'), own),
      ...devices.writes,
      ...formatV1Writes({
        ...input,
        directoryOf,
        cpuParents: cpuMount ? listAncestors(parent).map((path) => join(cpuMount, path)) : [],
        ...(layout.realtime && { realtime: layout.realtime }),
      }),
      ...(layout.unified ? formatUnified(input, layout.unified, parent, own) : []),
    ],
    attach: [
      ...v1.map(({ mount }) => `${join(mount, own)}/tasks`),
      ...(unified ? [`${unified}/cgroup.procs`] : []),
    ],
    monitorAttach: listMonitorAttach(layout),
    ...(unified && { unified }),
    ...(freezer && { freezer }),
    procs,
    ...(devices.filter && { deviceFilter: devices.filter }),
    ...findOomEvents(layout, directoryOf('memory'), unified),
  };
  return { spec, warnings };
}

/** By the v1 controller where there is one, else by a program on the v2 cgroup. */
function confineDevices(
  { layout, deviceRules }: CgroupInput,
  v1: string | undefined,
): { readonly writes: readonly CgroupWrite[]; readonly filter?: string } {
  if (!deviceRules) return { writes: [] };
  if (v1) return { writes: formatDeviceWrites(deviceRules, v1) };
  if (!layout.unified) throw noDeviceControl();
  return {
    writes: [],
    filter: Buffer.from(compileDeviceFilter(deviceRules)).toString('base64'),
  };
}

/** A new v1 cpuset is empty and takes no process: each gets what the one above has, the last what was asked. */
function formatCpuset(
  { limits: { cpuset } }: CgroupInput,
  mount: string | undefined,
  own: string,
): CgroupWrite[] {
  if (!mount) return [];
  const chain = ['', ...listAncestors(own)].map((path) => join(mount, path));
  return chain.slice(1).flatMap((directory, index) =>
    ['cpuset.cpus', 'cpuset.mems'].map((name) => {
      const write = { file: `${directory}/${name}`, setting: 'cpuset', required: true };
      const isAsked = cpuset && name === 'cpuset.cpus' && index === chain.length - 2;
      return isAsked ? { ...write, value: cpuset.value } : { ...write, copyFrom: `${chain[index]}/${name}` };
    }),
  );
}

/**
 * Controllers are handed down from the root to the parent, and from there to the container, before they are used: one
 * by one, since the kernel takes all that a write names or none.
 */
function formatUnified(
  { limits, disks }: CgroupInput,
  hierarchy: UnifiedHierarchy,
  parent: string,
  own: string,
): CgroupWrite[] {
  const wished = NEEDS.filter(({ wish }) => limits[wish]);
  const wanted = new Set([...ALWAYS_UNIFIED, ...wished.map(unifiedName)]);
  const enabled = hierarchy.controllers.filter((name) => wanted.has(name));
  const above = ['', ...listAncestors(parent)].map((path) => join(hierarchy.mount, path));
  const handedDown = enabled.flatMap((name) => {
    const strict = wished.find((need) => unifiedName(need) === name && !need.advisory);
    return above.map((directory) => ({
      file: `${directory}/cgroup.subtree_control`,
      value: `+${name}`,
      setting: (strict && limits[strict.wish]?.setting) ?? `${name} controller`,
      required: strict !== undefined,
    }));
  });
  const directory = join(hierarchy.mount, own);
  return [...handedDown, ...formatV2Writes({ limits, directory, controllers: enabled, disks })];
}

/**
 * The monitor leaves the cgroups of our session, so that it is not killed or limited with it: for the root, where that
 * may have processes. Where we are at the root already there is nothing to leave.
 */
function listMonitorAttach({ v1, unified }: CgroupLayout): readonly string[] {
  return [
    ...v1.filter(({ own }) => own !== '/').map(({ mount }) => `${mount}/tasks`),
    ...(unified && unified.own !== '/' && unified.isKernelRoot ? [`${unified.mount}/cgroup.procs`] : []),
  ];
}

function findOomEvents(
  { unified }: CgroupLayout,
  memory: string | undefined,
  directory: string | undefined,
): Pick<CgroupSpec, 'oomEvents'> {
  if (memory) return { oomEvents: `${memory}/memory.oom_control` };
  if (directory && unified?.controllers.includes('memory'))
    return { oomEvents: `${directory}/memory.events` };
  return {};
}

/** A controller that the host lacks: an error if it was asked to limit, a warning if it was advice. */
function checkControllers({ layout, limits, serviceName }: CgroupInput): readonly Warning[] {
  const v1 = new Set(layout.v1.flatMap(({ controllers }) => controllers));
  const unified = new Set(layout.unified?.controllers);
  return NEEDS.flatMap((need) => {
    const asked: Wish<unknown> | undefined = limits[need.wish];
    const { controller, advisory } = need;
    if (!asked || v1.has(controller) || unified.has(unifiedName(need) ?? '')) return [];
    const isGone = unifiedName(need) === undefined && unified.has(controller);
    const why = isGone
      ? 'cgroup v2, which this host has, does not know it'
      : `this host has no "${controller}" cgroup controller, which it needs`;
    const message = `service "${serviceName}": ${asked.setting}: ${why}`;
    if (advisory) return [{ code: 'no-controller', message: `${message}: it has no effect` }];
    throw new TcError(message, {
      code: 'no-controller',
      kind: 'environment',
      path: asked.setting.split('.'),
      hints: [
        isGone ? `remove ${asked.setting}` : `enable the controller on the host, or remove ${asked.setting}`,
      ],
    });
  });
}

/** Without it an image could open the disks of the host. */
function noDeviceControl(): TcError {
  return new TcError('this host has neither the "devices" cgroup controller nor cgroup v2', {
    code: 'no-controller',
    kind: 'environment',
    hints: ['mount one of them: `mount -t cgroup2 none /sys/fs/cgroup`'],
  });
}

function noCgroups(): TcError {
  return new TcError('this host has no cgroup file system mounted', {
    code: 'no-cgroups',
    kind: 'environment',
    hints: ['mount it: `mount -t cgroup2 none /sys/fs/cgroup`'],
  });
}

function join(...parts: readonly string[]): string {
  const path = parts.filter(Boolean).join('/');
  return path.includes('//') ? path.replaceAll(/\/{2,}/g, '/') : path;
}
