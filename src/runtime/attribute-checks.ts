// Values of honoured attributes that this runtime does not take: each check names what is wrong below the attribute.

import { TcError } from '../base/error.ts';
import { parseBytes } from '../base/units.ts';
import type { LoggingConfig, MountConfig, ServiceConfig, UlimitConfig } from '../project/service-config.ts';
import { isUserSpec } from './accounts.ts';
import { normalizeCapability } from './capabilities.ts';
import { parseTmpfs } from './mounts.ts';
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
  /** False: the value is wrong, whoever runs it. True: others take it. */
  readonly isUnsupported: boolean;
}

export type AttributeCheck = (value: never, service: ServiceConfig) => readonly Finding[];

const NOTHING: readonly Finding[] = [];

function wrong(what: string, hint?: string, path: Finding['path'] = []): Finding {
  return { path, what, isUnsupported: false, ...(hint !== undefined && { hint }) };
}

function unsupported(value: string, hint?: string, path: Finding['path'] = []): Finding {
  return {
    path,
    what: `"${value}" is not supported yet`,
    isUnsupported: true,
    ...(hint !== undefined && { hint }),
  };
}

/** Values of which only some are taken. */
function among(...accepted: string[]): (value: string) => readonly Finding[] {
  return (value) =>
    accepted.includes(value) ? NOTHING : [unsupported(value, `use ${accepted.join(', ')}, or leave it out`)];
}

export const pullPolicy = among('missing', 'if_not_present', 'never');
export const runtime = among('runc', 'io.containerd.runc.v2');
export const hostNamespace = among('host');
export const ipc = among('private', 'shareable', 'host');
export const deployMode = among('replicated');

const PLATFORMS: Readonly<Record<string, RegExp>> = {
  x64: /^(linux\/)?(amd64|x86_64)(\/v\d)?$/,
  arm64: /^(linux\/)?(arm64|aarch64)(\/v8)?$/,
};

export function platform(value: string): readonly Finding[] {
  return PLATFORMS[process.arch]?.test(value)
    ? NOTHING
    : [unsupported(value, 'the processor of this host is another')];
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

const LOG_OPTIONS = new Set(['max-size', 'max-file']);

export function logging({ driver = 'json-file', options = {} }: LoggingConfig): readonly Finding[] {
  if (driver === 'none') return NOTHING;
  if (driver !== 'json-file') return [unsupported(driver, 'use json-file or none', ['driver'])];
  const strange = Object.keys(options).filter((name) => !LOG_OPTIONS.has(name));
  const found = strange.map((name) =>
    unsupported(name, 'json-file has max-size and max-file', ['options', name]),
  );
  const { 'max-size': size, 'max-file': files } = options;
  if (size !== undefined && parseBytes(size) === undefined) {
    found.push(wrong(`"${size}" is not a size`, 'write a number with k, m or g', ['options', 'max-size']));
  }
  if (files !== undefined && !/^[1-9]\d{0,2}$/.test(files)) {
    found.push(wrong(`"${files}" is not a number from 1 to 999`, undefined, ['options', 'max-file']));
  }
  return found;
}

export function networkMode(value: string): readonly Finding[] {
  if (value === 'none' || value === 'host' || value.startsWith('service:')) return NOTHING;
  if (value === 'bridge') return [unsupported(value, 'leave it out: the project has a network of its own')];
  return [unsupported(value, 'use none, host or service:NAME')];
}

const MOUNT_TYPES = new Set(['bind', 'volume', 'tmpfs']);

export function volumes(mounts: readonly MountConfig[]): readonly Finding[] {
  return mounts.flatMap((mount, index) => {
    if (!MOUNT_TYPES.has(mount.type))
      return [unsupported(mount.type, 'use bind, volume or tmpfs', [index, 'type'])];
    if (mount.target.startsWith('/')) return NOTHING;
    return [
      wrong(`"${mount.target}" is not an absolute path`, 'the path inside the container begins with /', [
        index,
      ]),
    ];
  });
}

export function tmpfs(entries: readonly string[], service: ServiceConfig): readonly Finding[] {
  return entries.flatMap((entry, index) => {
    try {
      parseTmpfs(entry, service.name);
      return NOTHING;
    } catch (error) {
      if (!(error instanceof TcError)) throw error;
      return [wrong(error.message, error.hints[0], [index])];
    }
  });
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
