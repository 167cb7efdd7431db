// Which containers a new one shares namespaces with.

import { TcError } from '../../base/error.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import { parseNamespaceMode, SHARED_TYPES } from '../../runtime/namespaces.ts';
import type { SharedNamespace } from '../container/create.ts';
import type { ContainerRecord } from '../record/container-record.ts';
import type { Execution } from './execution.ts';

export function findNamespaces(execution: Execution, service: ServiceConfig): readonly SharedNamespace[] {
  return SHARED_TYPES.flatMap((type) => {
    const of = findJoined(execution, type, service[type]);
    return of ? [{ type, of }] : [];
  });
}

/** Containers of other projects are there before a plan is carried out, or they are not. */
export function checkNamespaces(execution: Execution, service: ServiceConfig): void {
  for (const type of SHARED_TYPES) {
    if (service[type]?.startsWith('container:')) findJoined(execution, type, service[type]);
  }
}

/** The container that `service:NAME` or `container:NAME` means: the lowest replica, the newer of two. */
export function findJoined(
  execution: Execution,
  attribute: string,
  text: string | undefined,
): ContainerRecord | undefined {
  const mode = parseNamespaceMode(text);
  if (mode?.kind !== 'service' && mode?.kind !== 'container') return undefined;
  const { kind, name } = mode;
  const isMeant = (record: ContainerRecord) =>
    kind === 'service'
      ? record.project === execution.project.name && record.service === name && !record.oneOff
      : record.name === name || (name.length >= 12 && record.id.startsWith(name));
  const [found] = [...execution.containers.values()]
    .filter(isMeant)
    .sort((a, b) => a.number - b.number || Date.parse(b.createdAt) - Date.parse(a.createdAt));
  if (found) return found;
  throw new TcError(`${attribute}: ${text}: there is no such container`, {
    code: attribute === 'network_mode' ? 'network-mode' : 'no-such-namespace',
    hints: ['start it first: namespaces are shared with containers that run'],
  });
}
