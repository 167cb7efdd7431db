// For which platform a build is, and whether its commands can run here.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import {
  defaultPlatform,
  formatPlatform,
  hostPlatform,
  isRunnable,
  type Platform,
  parsePlatform,
} from '../../image/platform.ts';
import type { BuildRequest } from './request.ts';

export function choosePlatform({ platform }: Pick<BuildRequest, 'platform'>): Platform {
  const host = hostPlatform();
  const wanted = platform === undefined ? defaultPlatform() : parsePlatform(platform);
  if (isRunnable(wanted, host) || isEmulated(wanted)) return wanted;
  throw new TcError(`nothing can be built for ${formatPlatform(wanted)} on this machine`, {
    code: 'build-platform',
    kind: 'environment',
    hints: [
      `it is ${formatPlatform(host)}, and the kernel has no emulator for the other`,
      'install one, for example the package qemu-user-static with binfmt-support',
    ],
  });
}

const registry = '/proc/sys/fs/binfmt_misc';

/** Names of emulators as qemu's packages register them. */
const emulators: Readonly<Record<string, string>> = { arm64: 'aarch64', amd64: 'x86_64', '386': 'i386' };

function isEmulated({ architecture }: Platform): boolean {
  if (!existsSync(registry)) return false;
  const name = emulators[architecture] ?? architecture;
  return readdirSync(registry)
    .filter((entry) => entry.endsWith(`-${name}`))
    .some((entry) => readFileSync(join(registry, entry), 'utf8').startsWith('enabled'));
}
