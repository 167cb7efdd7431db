// Values of honoured attributes that this runtime does not take: each check names what is wrong below the attribute.
// Those of limits and of isolation are in files of their own.

import { parseRestart } from '../project/restart-policy.ts';
import { isUserSpec } from './accounts.ts';
import { among, type Finding, NOTHING, wrong } from './finding.ts';
import { parseSignal } from './signals.ts';

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
