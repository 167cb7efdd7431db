// A container's record and status as the planner sees them. Pure.

import type { ContainerState, ObservedContainer, ObservedPort } from '../../plan/observed-state.ts';
import type { ContainerRecord } from '../record/container-record.ts';
import type { ContainerStatus } from '../status/status.ts';

export function describeObserved(
  record: ContainerRecord,
  { status, lost }: ContainerStatus,
): ObservedContainer {
  const state = stateOf(status?.state, lost);
  const isUp = state === 'running' || state === 'paused';
  const serves = isUp || state === 'restarting';
  return {
    id: record.id,
    name: record.name,
    project: record.project,
    service: record.service,
    number: record.number,
    oneOff: record.oneOff,
    state,
    stoppedByUser: status?.stoppedBy === 'user',
    exitCode: isUp ? undefined : status?.exitCode,
    oomKilled: status?.oomKilled,
    health: isUp ? status?.health?.status : undefined,
    restartCount: status?.restartCount ?? 0,
    error: status?.error || undefined,
    droppedLogLines: status?.droppedLogLines || undefined,
    image: record.image,
    command: record.command,
    createdAt: record.createdAt,
    startedAt: status?.startedAt,
    finishedAt: isUp ? undefined : status?.finishedAt,
    recorded: record.recorded,
    inputs: record.inputs,
    labels: record.labels,
    publishers: serves ? record.ports.map(describePublisher) : [],
    ...(serves && record.endpoints.length > 0 && { exposed: listUnpublished(record) }),
    networks: record.endpoints.map(({ key, network, ipv4, ipv6 }) => ({
      key,
      name: network,
      address: ipv4 ?? ipv6,
    })),
    mounts: record.mounts,
    replaces: record.replaces,
    pid: isUp ? status?.pid : undefined,
    workingDir: record.workingDir,
  };
}

function describePublisher({ address, port, target, protocol }: ContainerRecord['ports'][number]) {
  return { address, published: port, target, protocol };
}

function listUnpublished({ exposed = [], ports }: ContainerRecord): ObservedPort[] {
  return exposed.flatMap((text) => {
    const [target, protocol = ''] = text.split('/');
    const isPublished = ports.some((port) => port.target === Number(target) && port.protocol === protocol);
    return isPublished ? [] : [{ target: Number(target), protocol }];
  });
}

/** A monitor that died took its container with it: that is an exit, and `error` says which. */
function stateOf(state: ContainerState | undefined, lost: boolean): ContainerState {
  if (lost) return 'exited';
  return state ?? 'created';
}
