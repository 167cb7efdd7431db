// Which program `runtime` names on this host.

import { accessSync, constants, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { findNearest } from '../../base/suggest.ts';
import { errnoOf } from '../../base/system-error.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import { isOwnRuntime, isShim, type OciRuntime, WELL_KNOWN } from '../../runtime/oci-runtime.ts';
import { parseDaemonRuntimes, parseRuntimesFile, type Runtimes } from '../../runtime/runtimes-file.ts';

export interface RuntimePlaces {
  readonly system: string;
  /** Docker's own; read only where the machine's is missing. */
  readonly daemon: string;
  readonly path: readonly string[];
}

/** The PATH of whoever calls may lack the directories of the administrator's programs. */
const DIRECTORIES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

const defaultPlaces: RuntimePlaces = {
  system: '/etc/tcompose/runtimes.json',
  daemon: '/etc/docker/daemon.json',
  path: DIRECTORIES,
};

const REGISTER =
  'register it in /etc/tcompose/runtimes.json: {"runtimes": {"NAME": {"path": "/usr/bin/..."}}} (docs/operations.md)';

/**
 * Undefined: tcompose's own, which is also what stands in for runc where that is not installed. Throws for what is not
 * there or cannot be used.
 */
export function findRuntime(
  { name: service, runtime }: Pick<ServiceConfig, 'name' | 'runtime'>,
  places: RuntimePlaces = defaultPlaces,
): OciRuntime | undefined {
  if (runtime === undefined || isOwnRuntime(runtime)) return undefined;
  const what = `service ${service}: runtime "${runtime}"`;
  if (runtime.startsWith('/')) return checkProgram({ name: runtime, path: runtime, arguments: [] }, what);
  const registered = readRuntimes(places);
  const entry = Object.hasOwn(registered, runtime) ? registered[runtime] : undefined;
  if (entry !== undefined && 'shim' in entry) throw refuseShim(what, entry.shim);
  if (entry === undefined && !WELL_KNOWN.includes(runtime)) throw unknown(what, runtime, registered);
  const program = entry?.path ?? runtime;
  const path = program.startsWith('/') ? program : findOnPath(program, places.path);
  if (path === undefined && entry === undefined && runtime === 'runc') return undefined;
  if (path === undefined) throw notInstalled(what, program);
  return checkProgram({ name: runtime, path, arguments: entry?.arguments ?? [] }, what);
}

/** It was asked for, and tcompose's own stands in. */
export function isStoodIn(
  { runtime }: Pick<ServiceConfig, 'runtime'>,
  found: OciRuntime | undefined,
): boolean {
  return found === undefined && !isOwnRuntime(runtime);
}

function readRuntimes({ system, daemon }: RuntimePlaces): Runtimes {
  return read(system, parseRuntimesFile) ?? read(daemon, parseDaemonRuntimes) ?? {};
}

function read(path: string, parse: (text: string, path: string) => Runtimes): Runtimes | undefined {
  try {
    return parse(readFileSync(path, 'utf8'), path);
  } catch (error) {
    if (error instanceof TcError) throw error;
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
    throw new TcError(`${path} cannot be read: ${errno}`, {
      code: 'malformed-runtimes',
      kind: 'environment',
      cause: error,
    });
  }
}

function findOnPath(name: string, directories: readonly string[]): string | undefined {
  return directories.map((directory) => join(directory, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** It runs as root, before all confinement: who can write it is root. */
function checkProgram(runtime: OciRuntime, what: string): OciRuntime {
  const { path } = runtime;
  if (isShim(path)) throw refuseShim(what, path);
  if (!isProgram(path)) throw notInstalled(what, path);
  const loose = listAbove(realpathSync(path)).find(isOthers);
  if (loose === undefined) return runtime;
  throw new TcError(`${what}: ${loose} belongs to others than root, or they can write it`, {
    code: 'runtime-unsafe',
    kind: 'environment',
    hints: [`${path} would run as root: \`chown root ${loose}\`, \`chmod go-w ${loose}\``],
  });
}

/** `/a/b` -> `/a/b`, `/a`, `/`: who can write one of them decides what is there. */
function listAbove(path: string): readonly string[] {
  return path === '/' ? [path] : [path, ...listAbove(dirname(path))];
}

/** In a directory like /tmp nobody renames or removes what is somebody else's. */
function isOthers(path: string): boolean {
  const stats = statSync(path);
  const isShared = stats.isDirectory() && (stats.mode & 0o1000) !== 0;
  const isRoots = stats.uid === 0 || stats.uid === process.geteuid?.();
  return !isRoots || (!isShared && (stats.mode & 0o022) !== 0);
}

function unknown(what: string, name: string, registered: Runtimes): TcError {
  const names = [...Object.keys(registered), ...WELL_KNOWN];
  const near = findNearest(name, names);
  return new TcError(`${what} is not registered on this host`, {
    code: 'no-such-runtime',
    hints: [
      ...(near === undefined ? [] : [`did you mean "${near}"?`]),
      REGISTER,
      'or leave `runtime` out: tcompose runs containers by itself',
    ],
  });
}

function notInstalled(what: string, program: string): TcError {
  return new TcError(`${what}: there is no program ${program} on this host`, {
    code: 'no-such-runtime',
    kind: 'environment',
    hints: ['install it, or leave `runtime` out: tcompose runs containers by itself', REGISTER],
  });
}

function refuseShim(what: string, shim: string): TcError {
  return new TcError(`${what}: ${shim} is a shim of containerd, which is not here`, {
    code: 'no-such-runtime',
    hints: [
      'name the runtime behind it: one with the command line of runc (create, start, delete)',
      REGISTER,
    ],
  });
}
