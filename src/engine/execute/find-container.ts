// Containers that others name: by a service, or by their own name or id.

import { TcError } from '../../base/error.ts';
import type { OperationOf } from '../../plan/operation.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import { parseVolumesFrom, type VolumesFrom } from '../container/recorded-mounts.ts';
import type { ContainerRecord } from '../record/container-record.ts';
import type { Execution } from './execution.ts';

/** Of a service the lowest replica, the newer of two. */
export function findContainer(
  execution: Execution,
  kind: 'service' | 'container',
  name: string,
): ContainerRecord | undefined {
  const isMeant = (record: ContainerRecord) =>
    kind === 'service'
      ? record.project === execution.project.name && record.service === name && !record.oneOff
      : record.name === name || (name.length >= 12 && record.id.startsWith(name));
  const [found] = [...execution.containers.values()]
    .filter(isMeant)
    .sort((a, b) => a.number - b.number || Date.parse(b.createdAt) - Date.parse(a.createdAt));
  return found;
}

export function findVolumeSources(execution: Execution, service: ServiceConfig): VolumesFrom[] {
  return (service.volumes_from ?? []).map((entry) => {
    const { kind, name, readOnly } = parseVolumesFrom(entry);
    const record = findContainer(execution, kind, name);
    if (record) return { record, isService: kind === 'service', readOnly };
    throw new TcError(`service ${service.name}: volumes_from: ${entry}: there is no such container`, {
      code: 'volumes-from',
      hints: ['start it first'],
    });
  });
}

/** Before anything is made: containers outside of the project, which no step of the plan makes. */
export function checkVolumeSources(execution: Execution, service: ServiceConfig): void {
  const outside = (service.volumes_from ?? []).filter(
    (entry) => parseVolumesFrom(entry).kind === 'container',
  );
  findVolumeSources(execution, { ...service, volumes_from: outside });
}

/** Whose anonymous volumes the container gets: the one it takes over from, or the one that it prepares. */
export function findPredecessor(
  execution: Execution,
  { replaces, prepares }: OperationOf<'create-container'>,
): ContainerRecord | undefined {
  if (prepares) return execution.resolve(prepares);
  return replaces && (execution.containers.get(replaces.id) ?? execution.removed.get(replaces.id));
}
