// monitor.json: what the monitor of a container needs beside config.json.

import { TcError } from '../base/error.ts';
import { resolveRestart } from '../project/restart-policy.ts';
import { computeDns } from './container-files.ts';
import type { ContainerInput } from './container-input.ts';
import type { Decisions } from './decisions.ts';
import { describeRuntime } from './foreign.ts';
import { resolveHealth } from './health.ts';
import { computeLog } from './logging.ts';
import {
  MONITOR_SPEC_VERSION,
  type MonitorSpec,
  type NetworkSpec,
  type PresentSpec,
} from './monitor-spec.ts';
import { describeJoins, hasOwnPids } from './namespaces.ts';
import { parseSignal } from './signals.ts';

const DEFAULT_STOP_SIGNAL = 'SIGTERM';
const DEFAULT_GRACE = 10_000_000_000;
const MILLISECOND = 1_000_000;

/**
 * What programs look for in a container that was made for Docker: whether they are in one, and what is mounted. Source:
 * moby, daemon/initlayer/setup_unix.go.
 */
const PRESENT: readonly PresentSpec[] = [
  { path: '/.dockerenv' },
  { path: '/etc/mtab', link: '/proc/mounts' },
];

export function computeMonitor(input: ContainerInput, decisions: Decisions): MonitorSpec {
  const { service, image, identity, paths } = input;
  const health = resolveHealth(service.healthcheck, image.config);
  return {
    version: MONITOR_SPEC_VERSION,
    id: identity.id,
    name: identity.name,
    table: input.table,
    bundle: paths.bundle,
    runDir: paths.runDir,
    ownPidNamespace: hasOwnPids(service),
    root: {
      layers: image.layers,
      upper: `${paths.bundle}/upper`,
      work: `${paths.bundle}/work`,
      volatile: input.onEnd === 'remove',
      present: PRESENT,
    },
    ...(input.secrets?.length && {
      secrets: input.secrets.map(({ target, uid, gid, mode }) => ({ target, uid, gid, mode })),
    }),
    ...(input.mountedVolumes?.length && { mountedVolumes: input.mountedVolumes }),
    cgroup: decisions.cgroup,
    ...(input.joins?.length && { joins: describeJoins(input.joins) }),
    ...(input.runtime && { runtime: describeRuntime(input.runtime, input, decisions.cgroup) }),
    ...(decisions.seccomp && {
      seccomp: { filter: decisions.seccomp.filter, flags: decisions.seccomp.flags },
    }),
    ...(decisions.userSpec && { user: decisions.userSpec }),
    groupAdd: [...(service.group_add ?? []), ...(input.grant?.gids.map(String) ?? [])],
    init: service.init === true && hasOwnPids(service),
    stdinOpen: service.stdin_open === true,
    log: computeLog(input),
    ...(input.events && {
      events: {
        ...input.events,
        project: identity.project,
        service: identity.service,
        image: image.reference,
      },
    }),
    restart: resolveRestart(service) ?? refuse(service.name, 'restart policy', service.restart),
    stop: {
      signal: resolveStopSignal(input),
      graceMs: Math.round((service.stop_grace_period ?? DEFAULT_GRACE) / MILLISECOND),
    },
    ...(health && { health }),
    network: computeNetwork(input),
    onEnd: input.onEnd,
  };
}

function resolveStopSignal({ service, image }: ContainerInput): number {
  const name = service.stop_signal || image.config.StopSignal || DEFAULT_STOP_SIGNAL;
  return parseSignal(name) ?? refuse(service.name, 'stop signal', name);
}

function computeNetwork(input: ContainerInput): NetworkSpec {
  const { mode, joinControl, endpoints, ports } = input.network;
  const dns = computeDns(input);
  return {
    ...{ mode, endpoints, ports },
    ...(joinControl && { joinControl }),
    ...(dns && { dns }),
    ...(input.isSuccessor && { namedWhenHealthy: true as const }),
  };
}

function refuse(service: string, what: 'restart policy' | 'stop signal', value: string | undefined): never {
  const path = [what === 'restart policy' ? 'restart' : 'stop_signal'];
  throw new TcError(`service "${service}": "${value}" is not a ${what}`, { code: 'invalid-value', path });
}
