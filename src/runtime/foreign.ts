// What the monitor is told of another runtime: its verbs, as whole argument lists. Paths without a directory are those of the
// stage (runtime/tcrun/stage.h), where it is called.

import type { ContainerInput } from './container-input.ts';
import type { CgroupSpec, RuntimeSpec } from './monitor-spec.ts';
import { type OciRuntime, traitsOf } from './oci-runtime.ts';

const TIMEOUT_MS = 120_000;

/** Of the variables of whoever calls tcompose none is passed on: they may be anything, and so may be what it makes of them. */
const ENVIRONMENT = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root'];

/** What knows v1 may leave out the second hierarchy of a hybrid host, by which a container is listed and killed. */
export function describeRuntime(
  runtime: OciRuntime,
  { identity, paths, host, service }: ContainerInput,
  cgroup: CgroupSpec,
): RuntimeSpec {
  const { id } = identity;
  const { runDir } = paths;
  const traits = traitsOf(runtime);
  const console = ['--console-socket', 'console'];
  const exec = ['exec', '--detach', '--process', 'process', '--pid-file', 'pid'];
  const { unified, v1 } = host.cgroups;
  const isHybrid = v1.length > 0 && unified !== undefined;
  return {
    command: [
      runtime.path,
      ...runtime.arguments,
      ...traits.arguments,
      ...['--root', `${runDir}/state`, '--log', 'log', '--log-format', 'json'],
    ],
    env: ENVIRONMENT,
    create: [
      'create',
      '--bundle',
      runDir,
      '--pid-file',
      `${runDir}/pid`,
      ...(service.tty ? console : []),
      id,
    ],
    start: ['start', id],
    delete: ['delete', '--force', id],
    kill: ['kill', id],
    exec: [...exec, id],
    execTerminal: [...exec, ...console, id],
    ...(traits.refusesHybrid && isHybrid && { hidden: [unified.mount] }),
    attach: traits.entersCgroups
      ? cgroup.attach.filter((file) => isHybrid && isBelow(file, unified.mount))
      : cgroup.attach,
    isOpaque: traits.isOpaque,
    timeoutMs: TIMEOUT_MS,
  };
}

function isBelow(file: string, directory: string): boolean {
  return file.startsWith(`${directory}/`);
}
