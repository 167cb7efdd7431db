// Resource limits of a process: `ulimits` of the service over the defaults, within what the host lets us set.

import { TcError } from '../base/error.ts';
import type { UlimitConfig } from '../project/service-config.ts';

/** Stands for RLIM_INFINITY: the largest number below 2^64 that JSON carries. tcrun takes all from 2^63 for it. */
export const UNLIMITED = 2 ** 64 - 2048;

export interface Rlimit {
  /** `RLIMIT_NOFILE`. */
  readonly type: string;
  readonly soft: number;
  readonly hard: number;
}

/** Names in /proc/PID/limits, by the names that `ulimits` has. */
const TITLES: Readonly<Record<string, string>> = {
  core: 'Max core file size',
  cpu: 'Max cpu time',
  data: 'Max data size',
  fsize: 'Max file size',
  locks: 'Max file locks',
  memlock: 'Max locked memory',
  msgqueue: 'Max msgqueue size',
  nice: 'Max nice priority',
  nofile: 'Max open files',
  nproc: 'Max processes',
  rss: 'Max resident set',
  rtprio: 'Max realtime priority',
  rttime: 'Max realtime timeout',
  sigpending: 'Max pending signals',
  stack: 'Max stack size',
};

export type HostLimits = Readonly<Record<string, UlimitConfig>>;

/** What systemd gives a service, hence Docker 29 a container. A larger soft limit makes old programs crawl. */
const DEFAULT_NOFILE: UlimitConfig = { soft: 1024, hard: 524_288 };

export function isUlimit(name: string): boolean {
  return name in TITLES;
}

/** The text of /proc/self/limits: hard limits bound what a process without CAP_SYS_RESOURCE may set. */
export function parseHostLimits(text: string): HostLimits {
  const lines = text.split('\n');
  const entries = Object.entries(TITLES).flatMap(([name, title]) => {
    const line = lines.find((each) => each.startsWith(title));
    const [soft, hard] = line?.slice(title.length).trim().split(/\s+/) ?? [];
    return soft && hard ? [[name, { soft: parseLimit(soft), hard: parseLimit(hard) }] as const] : [];
  });
  return Object.fromEntries(entries);
}

function parseLimit(text: string): number {
  return text === 'unlimited' ? UNLIMITED : Number(text);
}

export interface RlimitInput {
  readonly serviceName: string;
  /** -1: unlimited. Names were validated. */
  readonly ulimits: Readonly<Record<string, UlimitConfig>>;
  readonly host: HostLimits;
  readonly canRaise: boolean;
}

/**
 * Every limit is set, so that a container inherits none of its caller's soft limits: Node raises its own. A default
 * bends to the host's hard limit; what the service asks for and the host does not allow is an error.
 */
export function resolveRlimits(input: RlimitInput): readonly Rlimit[] {
  const { ulimits, host, canRaise } = input;
  return Object.keys(TITLES).flatMap((name) => {
    const ceiling = canRaise ? UNLIMITED : (host[name]?.hard ?? UNLIMITED);
    const asked = ulimits[name];
    const wanted = asked ? { soft: bound(asked.soft), hard: bound(asked.hard) } : defaultLimit(name);
    if (!wanted) return [];
    if (asked && wanted.hard > ceiling) throw aboveCeiling(input.serviceName, name, asked, ceiling);
    const hard = Math.min(wanted.hard, ceiling);
    return [{ type: `RLIMIT_${name.toUpperCase()}`, soft: Math.min(wanted.soft, hard), hard }];
  });
}

function defaultLimit(name: string): UlimitConfig | undefined {
  return name === 'nofile' ? DEFAULT_NOFILE : undefined;
}

function bound(limit: number): number {
  return limit < 0 ? UNLIMITED : limit;
}

function aboveCeiling(service: string, name: string, asked: UlimitConfig, ceiling: number): TcError {
  const wanted = asked.hard < 0 ? 'unlimited' : asked.hard;
  return new TcError(
    `service "${service}": ulimits.${name}: ${wanted} is above this host's limit of ${ceiling}`,
    {
      code: 'ulimit-not-permitted',
      kind: 'environment',
      path: ['ulimits', name],
      hints: [
        `ask for at most ${ceiling}, or run tcompose with CAP_SYS_RESOURCE, which raising a hard limit needs`,
      ],
    },
  );
}
