// What this machine can run: programs of its own kind, and those that the kernel hands to an emulator.

import { closeSync, openSync, readdirSync, readFileSync, readSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { formatPlatform, hostPlatform, isRunnable, type Platform } from '../../image/platform.ts';
import { findHandler, type Handler, isStatic, parseHandler } from './emulator.ts';
import { addLevel } from './host-level.ts';

export type Ability =
  /** `emulator`: what has to be visible in the container's root, and where. */
  | { readonly can: true; readonly emulator?: { readonly source: string; readonly target: string } }
  | { readonly can: false; readonly why: string; readonly hints: readonly string[] };

const registry = '/proc/sys/fs/binfmt_misc';

export class Machine {
  readonly #registry: string;
  readonly #host: Platform;
  #level: Platform | undefined;
  #handlers: readonly Handler[] | undefined;

  /** `directory`: where binfmt_misc is mounted. */
  constructor(directory = registry, host = hostPlatform()) {
    this.#registry = directory;
    this.#host = host;
  }

  /** Whether commands in an image for this platform can run. */
  ability(platform: Platform): Ability {
    if (isRunnable(platform, this.#host)) return { can: true };
    // Only what is built for a newer processor than any of its kind needs a look at this one: that takes a while on many cores.
    this.#level ??= readLevel(this.#host);
    if (isRunnable(platform, this.#level)) return { can: true };
    this.#handlers ??= listHandlers(this.#registry);
    const handler = findHandler(this.#handlers, platform);
    if (handler === undefined) return this.#withoutEmulator();
    if (handler.flags.includes('F')) return { can: true };
    const source = findStatic(handler.interpreter);
    if (source !== undefined) return { can: true, emulator: { source, target: handler.interpreter } };
    return {
      can: false,
      why: `its emulator ${handler.interpreter} is not one that can be used in an image: it needs libraries of this machine, and is not registered with the flag F`,
      hints: ['install the package qemu-user-static instead of qemu-user'],
    };
  }

  #withoutEmulator(): Ability {
    return {
      can: false,
      why: `this machine is ${formatPlatform(this.#host)}, and the kernel has no emulator for it`,
      hints: [
        'install one: the packages qemu-user-static and binfmt-support',
        ...(readState(this.#registry) === undefined
          ? [`if there is one, let it be seen: mount -t binfmt_misc binfmt_misc ${this.#registry}`]
          : []),
      ],
    };
  }
}

function readLevel(host: Platform): Platform {
  try {
    return addLevel(host, readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return host;
  }
}

/** Undefined: binfmt_misc is not mounted. */
function readState(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, 'status'), 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** None where it is turned off as a whole. */
function listHandlers(directory: string): Handler[] {
  if (readState(directory) !== 'enabled') return [];
  return readdirSync(directory)
    .filter((name) => name !== 'status' && name !== 'register')
    .flatMap((name) => {
      try {
        return parseHandler(readFileSync(join(directory, name), 'utf8')) ?? [];
      } catch {
        // It was taken away meanwhile.
        return [];
      }
    });
}

const headSize = 4096;

/** The program itself, if it needs nothing beside itself. */
function findStatic(path: string): string | undefined {
  try {
    const source = realpathSync(path);
    const file = openSync(source, 'r');
    try {
      const head = Buffer.alloc(headSize);
      return isStatic(head.subarray(0, readSync(file, head, 0, headSize, 0))) ? source : undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}
