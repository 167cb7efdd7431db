// Values of honoured attributes that this runtime does not take: each check names what is wrong below the attribute.

import type { DeviceConfig, ServiceConfig, UlimitConfig } from '../project/service-config.ts';
import { isUserSpec } from './accounts.ts';
import { normalizeCapability } from './capabilities.ts';
import { parseDeviceRule } from './devices.ts';
import { parseRestart } from './restart.ts';
import { isUlimit } from './rlimits.ts';
import { parseSecurityOptions } from './security-options.ts';
import { parseSignal } from './signals.ts';
import { explainSysctl } from './sysctls.ts';

export interface Finding {
  /** Below the attribute: an index, a key. */
  readonly path: readonly (string | number)[];
  /** Continues `services.web.ATTRIBUTE`: `is not ...`. */
  readonly what: string;
  readonly hint?: string;
  /** `invalid`: wrong, whoever runs it. `unsupported`: others take it. `ignored`: it has no effect. */
  readonly kind: 'invalid' | 'unsupported' | 'ignored';
}

export type AttributeCheck = (value: never, service: ServiceConfig) => readonly Finding[];

export const NOTHING: readonly Finding[] = [];

export function wrong(what: string, hint?: string, path: Finding['path'] = []): Finding {
  return { path, what, kind: 'invalid', ...(hint !== undefined && { hint }) };
}

export function unsupported(value: string, hint?: string, path: Finding['path'] = []): Finding {
  return {
    path,
    what: `"${value}" is not supported yet`,
    kind: 'unsupported',
    ...(hint !== undefined && { hint }),
  };
}

/** Values of which only some are taken. */
function among(...accepted: string[]): (value: string) => readonly Finding[] {
  return (value) =>
    accepted.includes(value) ? NOTHING : [unsupported(value, `use ${accepted.join(', ')}, or leave it out`)];
}

export const runtime = among('runc', 'io.containerd.runc.v2');
export const hostNamespace = among('host');
export const ipc = among('private', 'shareable', 'host');
export const deployMode = among('replicated');

const LONGEST_NAME = 64;

/** sethostname(2), setdomainname(2) */
export function kernelName(value: string): readonly Finding[] {
  if (/^[A-Za-z0-9_.-]+$/.test(value) && value.length <= LONGEST_NAME) return NOTHING;
  return [
    wrong(
      `"${value}" is not a host name`,
      `use letters, digits, "-" and ".", ${LONGEST_NAME} of them at most`,
    ),
  ];
}

export function workingDirectory(value: string): readonly Finding[] {
  return value.startsWith('/')
    ? NOTHING
    : [wrong(`"${value}" is not an absolute path`, 'the path inside the container begins with /')];
}

/** No argument and no variable can hold a NUL: it ends the string for the kernel. */
export function noNul(
  values: Readonly<Record<string, string | null>> | readonly string[],
): readonly Finding[] {
  return Object.entries(values).flatMap(([key, value]) =>
    `${key}${value ?? ''}`.includes('\0')
      ? [wrong('contains a NUL character', undefined, [Array.isArray(values) ? Number(key) : key])]
      : NOTHING,
  );
}

const PROBES = new Set(['NONE', 'CMD', 'CMD-SHELL']);

export function healthTest(test: readonly string[]): readonly Finding[] {
  const [kind = '', ...rest] = test;
  if (!PROBES.has(kind)) return [wrong(`begins with "${kind}"`, 'begin it with CMD, CMD-SHELL or NONE')];
  return kind !== 'NONE' && rest.length === 0 ? [wrong(`has nothing after ${kind}`)] : NOTHING;
}

/** The kernel would start the container and kill it at once. Docker's minimum. */
const LEAST_MEMORY = 6 * 1024 * 1024;

export function memory(value: number): readonly Finding[] {
  return value >= LEAST_MEMORY
    ? NOTHING
    : [wrong(`${value} bytes are too little to start`, 'use 6m at least')];
}

export function swap(value: number, { mem_limit: limit }: ServiceConfig): readonly Finding[] {
  if (value < 0 || limit === undefined || value >= limit) return NOTHING;
  return [wrong('is below mem_limit', 'it counts memory and swap together; -1 means no limit')];
}

export function cpus(value: number): readonly Finding[] {
  return value >= 0.01
    ? NOTHING
    : [wrong(`${value} is too small a part of a processor`, 'use 0.01 at least')];
}

export function user(value: string): readonly Finding[] {
  return isUserSpec(value)
    ? NOTHING
    : [wrong(`"${value}" is not a user`, 'write NAME or NUMBER, or either with :GROUP')];
}

export function stopSignal(value: string): readonly Finding[] {
  return parseSignal(value)
    ? NOTHING
    : [wrong(`"${value}" is not a signal`, 'write SIGTERM, SIGRTMIN+3 or a number')];
}

export function restart(value: string): readonly Finding[] {
  if (parseRestart(value)) return NOTHING;
  return [
    wrong(
      `"${value}" is not a restart policy`,
      'write no, always, unless-stopped, on-failure or on-failure:N',
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

export function capabilities(names: readonly string[]): readonly Finding[] {
  return names.flatMap((name, index) =>
    normalizeCapability(name)
      ? NOTHING
      : [wrong(`"${name}" is not a capability`, 'see capabilities(7) for the names', [index])],
  );
}

export function securityOptions(options: readonly string[]): readonly Finding[] {
  return parseSecurityOptions(options).unsupported.map((option) =>
    unsupported(option, 'use no-new-privileges or seccomp=unconfined', [options.indexOf(option)]),
  );
}

export function sysctls(
  values: Readonly<Record<string, string>>,
  service: ServiceConfig,
): readonly Finding[] {
  const isolation = { ownNetwork: service.network_mode !== 'host', ownIpc: service.ipc !== 'host' };
  return Object.keys(values).flatMap((name) => {
    const reason = explainSysctl(name, isolation);
    return reason ? [wrong(`"${name}" ${reason}`, undefined, [name])] : NOTHING;
  });
}

export function devices(wanted: readonly DeviceConfig[]): readonly Finding[] {
  return wanted.flatMap(({ source, target = source, permissions = 'rwm' }, index) => {
    if (!source.startsWith('/'))
      return [unsupported(source, 'name the path of a device on the host', [index])];
    if (!target.startsWith('/')) return [wrong(`"${target}" is not an absolute path`, undefined, [index])];
    if (/^[rwm]{1,3}$/.test(permissions)) return NOTHING;
    return [wrong(`"${permissions}" are not permissions`, 'write r, w, m, or several of them', [index])];
  });
}

export function deviceRules(rules: readonly string[]): readonly Finding[] {
  return rules.flatMap((rule, index) =>
    parseDeviceRule(rule)
      ? NOTHING
      : [wrong(`"${rule}" is not a device rule`, 'write for example "c 10:200 rwm"', [index])],
  );
}
