// Values of limits and devices that this runtime does not take, as the Docker Engine refuses them.

import type {
  BlkioConfig,
  DeviceConfig,
  DeviceRequest,
  ServiceConfig,
  UlimitConfig,
} from '../project/service-config.ts';
import { explainRequest, isCdiName } from './cdi.ts';
import { parseCgroupParent } from './cgroup-parent.ts';
import { parseDeviceRule } from './devices.ts';
import { type Finding, NOTHING, unsupported, wrong } from './finding.ts';
import { isUlimit } from './rlimits.ts';

/** The kernel would start the container and kill it at once. Docker's minimum. */
const LEAST_MEMORY = 6 * 1024 * 1024;

export function memory(value: number): readonly Finding[] {
  return value >= LEAST_MEMORY
    ? NOTHING
    : [wrong(`${value} bytes are too little to start`, 'use 6m at least')];
}

function memoryLimit({ mem_limit, deploy }: ServiceConfig): number | undefined {
  return mem_limit || deploy?.resources?.limits?.memory;
}

export function swap(value: number, service: ServiceConfig): readonly Finding[] {
  const limit = memoryLimit(service);
  if (value <= 0) return NOTHING;
  if (limit === undefined) return [wrong('needs mem_limit', 'it counts memory and swap together')];
  if (value >= limit) return NOTHING;
  return [wrong('is below mem_limit', 'it counts memory and swap together; -1 means no limit')];
}

export function reservation(value: number, service: ServiceConfig): readonly Finding[] {
  const limit = memoryLimit(service);
  if (limit === undefined || value <= limit) return NOTHING;
  return [wrong('is above the memory limit', 'what is reserved is a part of what is allowed')];
}

export function cpus(value: number, { cpu_period, cpu_quota }: ServiceConfig): readonly Finding[] {
  if (value === 0) return NOTHING;
  if (cpu_period || cpu_quota) {
    return [
      wrong('cannot be combined with cpu_period or cpu_quota', 'cpus is quota divided by period: keep one'),
    ];
  }
  return value >= 0.01
    ? NOTHING
    : [wrong(`${value} is too small a part of a processor`, 'use 0.01 at least')];
}

/** 0 says nothing. */
function between(least: number, most: number, unit: string): (value: number) => readonly Finding[] {
  return (value) =>
    value === 0 || (value >= least && value <= most)
      ? NOTHING
      : [wrong(`${value} is not from ${least} to ${most}${unit}`)];
}

export const cpuPeriod = between(1000, 1_000_000, ' microseconds');
export const swappiness = between(-1, 100, '');
export const oomScore = between(-1000, 1000, '');

/** As the Engine says it: without a limit of its own the service can use up the host's memory. */
export function oomKill(_: boolean, service: ServiceConfig): readonly Finding[] {
  if (memoryLimit(service) !== undefined) return NOTHING;
  return [
    {
      path: [],
      what: 'no memory limit is set: the service can use up the memory of the host',
      kind: 'ignored',
    },
  ];
}

export function cpuQuota(value: number): readonly Finding[] {
  return value <= 0 || value >= 1000 ? NOTHING : [wrong(`${value} is less than 1000 microseconds`)];
}

export function realtimeRuntime(value: number, { cpu_rt_period: period }: ServiceConfig): readonly Finding[] {
  return period && value > period ? [wrong(`${value} is more than cpu_rt_period`)] : NOTHING;
}

export function cpuset(value: string): readonly Finding[] {
  return /^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(value)
    ? NOTHING
    : [wrong(`"${value}" is not a list of processors`, 'write for example 0-2,4')];
}

export function cgroupParent(value: string): readonly Finding[] {
  if (parseCgroupParent(value) !== undefined) return NOTHING;
  return [wrong(`"${value}" is not the path of a cgroup`, 'write for example /batch, or batch.slice')];
}

const weighs = between(10, 1000, '');

export function blockIo(config: BlkioConfig): readonly Finding[] {
  const at = (findings: readonly Finding[], ...path: (string | number)[]) =>
    findings.map((finding) => ({ ...finding, path: [...path, ...finding.path] }));
  const { weight = 0, weight_device: weights = [], ...rates } = config;
  return [
    ...at(weighs(weight), 'weight'),
    ...weights.flatMap((each, index) => at(weighs(each.weight), 'weight_device', index)),
    ...Object.entries({ weight_device: weights, ...rates }).flatMap(([key, devices]) =>
      devices.flatMap(({ path }, index) =>
        path.startsWith('/')
          ? NOTHING
          : [wrong(`"${path}" is not the path of a device`, undefined, [key, index])],
      ),
    ),
  ];
}

export function ulimits(limits: Readonly<Record<string, UlimitConfig>>): readonly Finding[] {
  return Object.entries(limits).flatMap(([name, { soft, hard }]) => {
    if (!isUlimit(name))
      return [wrong(`"${name}" is not a resource limit`, 'see getrlimit(2) for the names', [name])];
    if (hard < 0 || (soft >= 0 && soft <= hard)) return NOTHING;
    return [wrong(`soft ${soft} is above hard ${hard}`, undefined, [name])];
  });
}

export function devices(wanted: readonly DeviceConfig[]): readonly Finding[] {
  return wanted.flatMap(({ source, target = source, permissions = 'rwm' }, index) => {
    if (isCdiName(source)) return NOTHING;
    if (!source.startsWith('/'))
      return [
        unsupported(source, 'name the path of a device on the host, or a CDI device: vendor/class=name', [
          index,
        ]),
      ];
    if (!target.startsWith('/')) return [wrong(`"${target}" is not an absolute path`, undefined, [index])];
    if (/^[rwm]{1,3}$/.test(permissions)) return NOTHING;
    return [wrong(`"${permissions}" are not permissions`, 'write r, w, m, or several of them', [index])];
  });
}

export function deviceRequests(requests: readonly DeviceRequest[]): readonly Finding[] {
  return requests.flatMap((request, index) => {
    const reason = explainRequest(request);
    const hint =
      'GPUs of NVIDIA have the driver nvidia; others are named as CDI devices, with the driver cdi';
    return reason === undefined
      ? NOTHING
      : [{ path: [index], what: reason, hint, kind: 'unsupported' as const }];
  });
}

export function deviceRules(rules: readonly string[]): readonly Finding[] {
  return rules.flatMap((rule, index) =>
    parseDeviceRule(rule)
      ? NOTHING
      : [wrong(`"${rule}" is not a device rule`, 'write for example "c 10:200 rwm"', [index])],
  );
}
