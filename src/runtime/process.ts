// What a container runs: arguments, environment and working directory, from service and image.

import { posix } from 'node:path';
import { TcError } from '../base/error.ts';
import type { ImageConfig } from '../image/image.ts';
import type { NullableStringMap } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Entrypoint and command. An entrypoint of the service puts the image's command out of force, unless it is empty: then
 * the image's command runs without an entrypoint, as the Engine does it.
 */
export function resolveArguments(
  service: Pick<ServiceConfig, 'name' | 'entrypoint' | 'command'>,
  image: ImageConfig,
): readonly string[] {
  const entrypoint = service.entrypoint ?? image.Entrypoint ?? [];
  const isReplaced = (service.entrypoint?.length ?? 0) > 0;
  const command = service.command ?? (isReplaced ? [] : (image.Cmd ?? []));
  const args = [...entrypoint, ...command];
  if (args[0]) return args;
  throw new TcError(`service "${service.name}" has no command to run, and neither has its image`, {
    code: 'no-command',
    hints: ['add `command:` or `entrypoint:` to the service'],
  });
}

export function resolveWorkingDirectory(
  service: Pick<ServiceConfig, 'name' | 'working_dir'>,
  image: ImageConfig,
): string {
  const directory = service.working_dir || image.WorkingDir || '/';
  // Images have it as their WORKDIR was written: /a/../b/ would make /a.
  if (directory.startsWith('/')) return posix.resolve(directory);
  throw new TcError(`service "${service.name}": working_dir "${directory}" is not an absolute path`, {
    code: 'invalid-working-dir',
    hints: ['the path is one inside the container: begin it with /'],
  });
}

export interface EnvironmentInput {
  readonly image: ImageConfig;
  readonly service: NullableStringMap;
  readonly hostname: string;
  readonly home: string;
  readonly tty: boolean;
  /** `NAME=value`: of CDI devices. */
  readonly devices?: readonly string[];
}

/**
 * `NAME=value` strings. Later wins: what every container has, the image's, the service's, its devices'. A service's null removes the
 * variable, whoever set it. HOME is the user's unless somebody says otherwise.
 */
export function resolveEnvironment(input: EnvironmentInput): readonly string[] {
  const merged = new Map<string, string>([
    ['PATH', DEFAULT_PATH],
    ['HOSTNAME', input.hostname],
  ]);
  if (input.tty) merged.set('TERM', 'xterm');
  addEntries(merged, input.image.Env ?? []);
  for (const [name, value] of Object.entries(input.service)) {
    if (value === null) merged.delete(name);
    else merged.set(name, value);
  }
  addEntries(merged, input.devices ?? []);
  if (!merged.has('HOME') && input.service['HOME'] !== null) merged.set('HOME', input.home);
  return [...merged].map(([name, value]) => `${name}=${value}`);
}

function addEntries(merged: Map<string, string>, entries: readonly string[]): void {
  for (const entry of entries) {
    const separator = entry.indexOf('=');
    if (separator > 0) merged.set(entry.slice(0, separator), entry.slice(separator + 1));
  }
}
