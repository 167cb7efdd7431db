// The cgroups of one container: which directories, which writes, who goes where. On v1 and hybrid hosts limits live in
// the v1 hierarchies, and the v2 hierarchy, if any, serves to start into and to kill.

import { TcError } from '../base/error.ts';
import type { Warning } from '../base/warning.ts';
import type { CgroupLayout, UnifiedHierarchy, V1Hierarchy } from './cgroup-layout.ts';
import { formatV1Writes, formatV2Writes } from './cgroup-writes.ts';
import { compileDeviceFilter, type DeviceRule, formatDeviceWrites } from './device-rules.ts';
import type { CgroupSpec, CgroupWrite } from './monitor-spec.ts';
import type { ResourceLimits, Wish } from './resource-limits.ts';

export interface CgroupInput {
  readonly layout: CgroupLayout;
  readonly limits: ResourceLimits;
  /** Parent cgroup: `tcompose` or `tcompose-<instance>`. */
  readonly parent: string;
  readonly id: string;
  readonly serviceName: string;
  /** Undefined: every device of the host may be used. */
  readonly deviceRules?: readonly DeviceRule[];
}

/** Of use to every container: device rules, freezing, OOM events and figures of use. */
const ALWAYS = new Set(['devices', 'freezer', 'memory', 'pids', 'cpuacct']);
const ALWAYS_UNIFIED = ['memory', 'pids'];

/** Which controller a wish needs, and whether the container must not start without it. */
const NEEDS: readonly {
  readonly wish: keyof ResourceLimits;
  readonly controller: string;
  readonly advisory: boolean;
}[] = [
  { wish: 'cpuQuota', controller: 'cpu', advisory: false },
  { wish: 'cpuShares', controller: 'cpu', advisory: true },
  { wish: 'cpuset', controller: 'cpuset', advisory: false },
  { wish: 'memory', controller: 'memory', advisory: false },
  { wish: 'memoryReservation', controller: 'memory', advisory: true },
  { wish: 'memorySwap', controller: 'memory', advisory: true },
  { wish: 'pids', controller: 'pids', advisory: false },
];

export function computeCgroup(input: CgroupInput): { spec: CgroupSpec; warnings: readonly Warning[] } {
  const warnings = checkControllers(input);
  const v1 = chooseV1(input);
  const unified = input.layout.unified && join(input.layout.unified.mount, input.parent, input.id);
  const directoryOf = (controller: string) => {
    const found = v1.find(({ controllers }) => controllers.includes(controller));
    return found && join(found.mount, input.parent, input.id);
  };
  const freezer = directoryOf('freezer');
  const procs = unified ?? freezer ?? directoryOf(v1[0]?.controllers[0] ?? '');
  if (!procs) throw noCgroups();
  const mounts = [
    ...v1.map(({ mount }) => mount),
    ...(input.layout.unified ? [input.layout.unified.mount] : []),
  ];
  const devices = confineDevices(input, directoryOf('devices'));
  const spec: CgroupSpec = {
    directories: mounts.flatMap((mount) => [join(mount, input.parent), join(mount, input.parent, input.id)]),
    writes: [
      ...formatCpuset(input, directoryOf('cpuset')),
      ...devices.writes,
      ...formatV1Writes(input.limits, directoryOf),
      ...(unified && input.layout.unified ? formatUnified(input, input.layout.unified, unified) : []),
    ],
    attach: [
      ...v1.map(({ mount }) => `${join(mount, input.parent, input.id)}/tasks`),
      ...(unified ? [`${unified}/cgroup.procs`] : []),
    ],
    monitorAttach: listMonitorAttach(input.layout),
    ...(unified && { unified }),
    ...(freezer && { freezer }),
    procs,
    ...(devices.filter && { deviceFilter: devices.filter }),
    ...findOomEvents(input.layout, directoryOf('memory'), unified),
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

/** A hierarchy is used if a wish or every container needs it, or to take the container out of our session's cgroup. */
function chooseV1({ layout, limits }: CgroupInput): readonly V1Hierarchy[] {
  const needed = new Set(NEEDS.filter(({ wish }) => limits[wish]).map(({ controller }) => controller));
  return layout.v1.filter(
    ({ controllers, own }) => own !== '/' || controllers.some((name) => ALWAYS.has(name) || needed.has(name)),
  );
}

/** A new v1 cpuset is empty and takes no process: parent and child are filled first, the child with the wish. */
function formatCpuset({ layout, limits, parent }: CgroupInput, directory: string | undefined): CgroupWrite[] {
  const root = layout.cpuset;
  if (!directory || !root) return [];
  const above = directory.slice(0, directory.lastIndexOf(`/${parent}/`) + parent.length + 1);
  const write = (file: string, value: string) => ({ file, value, setting: 'cpuset', required: true });
  return [
    write(`${above}/cpuset.cpus`, root.cpus),
    write(`${above}/cpuset.mems`, root.mems),
    write(`${directory}/cpuset.cpus`, limits.cpuset?.value ?? root.cpus),
    write(`${directory}/cpuset.mems`, root.mems),
  ];
}

/**
 * Controllers are handed down from the root to the parent, and from there to the container, before they are used: one
 * by one, since the kernel takes all that a write names or none.
 */
function formatUnified(
  { limits, parent }: CgroupInput,
  hierarchy: UnifiedHierarchy,
  directory: string,
): CgroupWrite[] {
  const wished = NEEDS.filter(({ wish }) => limits[wish]);
  const wanted = new Set([...ALWAYS_UNIFIED, ...wished.map(({ controller }) => controller)]);
  const enabled = hierarchy.controllers.filter((name) => wanted.has(name));
  const handedDown = enabled.flatMap((name) => {
    const strict = wished.find(({ controller, advisory }) => controller === name && !advisory);
    return [hierarchy.mount, join(hierarchy.mount, parent)].map((above) => ({
      file: `${above}/cgroup.subtree_control`,
      value: `+${name}`,
      setting: (strict && limits[strict.wish]?.setting) ?? `${name} controller`,
      required: strict !== undefined,
    }));
  });
  return [...handedDown, ...formatV2Writes(limits, directory, enabled)];
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
  const available = new Set([
    ...layout.v1.flatMap(({ controllers }) => controllers),
    ...(layout.unified?.controllers ?? []),
  ]);
  return NEEDS.flatMap(({ wish, controller, advisory }) => {
    const asked: Wish<unknown> | undefined = limits[wish];
    if (!asked || available.has(controller)) return [];
    const message = `service "${serviceName}": this host has no "${controller}" cgroup controller, which ${asked.setting} needs`;
    if (advisory) return [{ code: 'no-controller', message: `${message}: it has no effect` }];
    throw new TcError(message, {
      code: 'no-controller',
      kind: 'environment',
      hints: [`enable the controller on the host, or remove ${asked.setting}`],
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
  return parts.join('/').replaceAll(/\/{2,}/g, '/');
}
