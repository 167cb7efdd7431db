// A build step in the terms of a service, so that the runtime gives it what it gives every container. Pure but for the
// files that hold secrets.

import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StepMount, StepOrder } from '../../build/solve/step-container.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import type { ResolvedBind } from '../../runtime/container-input.ts';
import type { OciConfig } from '../../runtime/oci-config.ts';

/** BuildKit's: programs that ask for their host's name get the same answer on every machine. */
const hostname = 'buildkitsandbox';

export function describeService(order: StepOrder, tmpfs: readonly string[]): ServiceConfig {
  const ulimits = Object.entries(order.ulimits).map(([name, { soft, hard }]) => [name, { soft, hard }]);
  return {
    name: 'build',
    command: order.command,
    entrypoint: [],
    environment: order.environment,
    labels: {},
    depends_on: {},
    ports: [],
    volumes: [],
    tmpfs,
    hostname,
    working_dir: order.workingDir,
    ...(order.user === '' ? {} : { user: order.user }),
    ...(order.network === 'host' ? { network_mode: 'host' } : {}),
    privileged: order.isPrivileged,
    extra_hosts: order.extraHosts,
    ...(order.shmSize === undefined ? {} : { shm_size: order.shmSize }),
    ...(order.memory === undefined ? {} : { mem_limit: order.memory }),
    ulimits: Object.fromEntries(ulimits),
  };
}

/**
 * As BuildKit has it: what a command would write into the hosts and resolv.conf that it is given would be lost, so it
 * cannot; /etc/hostname is the image's own; no variable says the name. `directory`: the bundle's.
 */
export function asStep(
  config: OciConfig,
  order: Pick<StepOrder, 'environment'>,
  directory: string,
): OciConfig {
  const given = ['hosts', 'resolv.conf'].map((name) => join(directory, name));
  const mounts = config.mounts
    .filter(({ source }) => source !== join(directory, 'hostname'))
    .map((mount) => (given.includes(mount.source) ? { ...mount, options: [...mount.options, 'ro'] } : mount));
  const hasName = 'HOSTNAME' in order.environment;
  const env = config.process.env.filter((variable) => hasName || !variable.startsWith('HOSTNAME='));
  return { ...config, mounts, process: { ...config.process, env } };
}

export interface PlacedMounts {
  readonly binds: readonly ResolvedBind[];
  /** As a service has them. */
  readonly tmpfs: readonly string[];
}

/** `runDir`: in memory; what must not reach a disk is written there. */
export function placeMounts(mounts: readonly StepMount[], runDir: string): PlacedMounts {
  const binds: ResolvedBind[] = [];
  const tmpfs: string[] = [];
  for (const [index, mount] of mounts.entries()) {
    const { target } = mount;
    if (mount.type === 'bind') binds.push({ source: mount.source, target, readOnly: mount.readOnly });
    else if (mount.type === 'tmpfs') {
      // Programs are built and run in it.
      const size = mount.size === undefined ? [] : [`size=${mount.size}`];
      tmpfs.push(`${target}:${['exec', ...size, ...(mount.readOnly ? ['ro'] : [])].join(',')}`);
    } else {
      const source = join(runDir, `file-${index}`);
      writeFileSync(source, mount.content, { mode: 0o600, flag: 'wx' });
      chownSync(source, mount.uid, mount.gid);
      chmodSync(source, mount.mode);
      binds.push({ source, target, readOnly: true });
    }
  }
  return { binds, tmpfs };
}
