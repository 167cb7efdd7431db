// Puts the place in the Compose file that led to an error into the error.

import { changeError, TcError } from '../../base/error.ts';
import type { ProjectModel } from '../../project/model.ts';

/** The attribute of a service that an error is about, by its code, where the error has no path to it. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  'bind-source-missing': 'volumes',
  'file-object-content': 'secrets',
  'no-such-image': 'image',
  'invalid-tmpfs': 'tmpfs',
  'invalid-user': 'user',
  'invalid-working-dir': 'working_dir',
  'no-such-platform': 'platform',
  'network-address': 'networks',
  'no-command': 'command',
  'no-such-group': 'user',
  'no-such-user': 'user',
  'port-in-use': 'ports',
  'port-protocol': 'ports',
  'port-range': 'ports',
  'port-unusable': 'ports',
  'pull-policy': 'pull_policy',
  'no-such-runtime': 'runtime',
  'runtime-unsafe': 'runtime',
  'seccomp-profile': 'security_opt',
};

export interface ServicePlace {
  readonly model: ProjectModel | undefined;
  readonly service: string;
  /** The attribute that errors are about whose code does not say. */
  readonly attribute?: string;
}

/** Runs `action`, which precedes all effects; an error of it that has no place gets this one. */
export async function atPath<T>(
  model: ProjectModel | undefined,
  path: readonly string[],
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw locate(error, model, path);
  }
}

/** The same for a service: which of its attributes the error is about is told by its code. */
export async function atService<T>(
  { model, service, attribute: otherwise }: ServicePlace,
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const [path, byCode] = error instanceof TcError ? [error.path, ATTRIBUTES[error.code]] : [];
    const attribute = byCode ?? otherwise;
    throw locate(error, model, [
      'services',
      service,
      ...(path ?? (attribute === undefined ? [] : [attribute])),
    ]);
  }
}

/** A start that another runtime refused: its exit code stays, since something was tried. */
export function locateRuntime(error: unknown, model: ProjectModel | undefined, service: string): unknown {
  if (!(error instanceof TcError) || error.code !== 'runtime-failed') return error;
  const source = model?.positions.at(['services', service, 'runtime']);
  return changeError(error, source ? { source } : {});
}

function locate(error: unknown, model: ProjectModel | undefined, path: readonly string[]): unknown {
  if (!(error instanceof TcError) || error.kind === 'bug') return error;
  const source = error.source ?? model?.positions.at(path);
  // 125 to 127 are the exit codes of a command that could not run; here nothing was tried yet.
  return changeError(error, { exitCode: 1, excerpt: [], ...(source && { source }) });
}
