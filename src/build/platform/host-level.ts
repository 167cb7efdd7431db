// How new the processor is, in the levels of the x86-64 psABI: what is built for v3 runs on v3 and later. Pure.

import type { Platform } from '../../image/platform.ts';

/** Names as in /proc/cpuinfo. */
const levels: readonly (readonly string[])[] = [
  ['cx16', 'lahf_lm', 'popcnt', 'pni', 'sse4_1', 'sse4_2', 'ssse3'],
  ['avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'abm', 'movbe', 'xsave'],
  ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl'],
];

/** `cpuinfo`: the text of /proc/cpuinfo. The same platform with the highest level that it has. */
export function addLevel(host: Platform, cpuinfo: string): Platform {
  if (host.architecture !== 'amd64') return host;
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.trim().split(/\s+/) ?? []);
  const missing = levels.findIndex((needed) => !needed.every((flag) => flags.has(flag)));
  const level = missing === -1 ? levels.length + 1 : missing + 1;
  return level === 1 ? host : { ...host, variant: `v${level}` };
}
