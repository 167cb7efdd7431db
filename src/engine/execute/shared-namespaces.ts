// Which containers a new one shares namespaces with.

import { TcError } from '../../base/error.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import { parseNamespaceMode, SHARED_TYPES, type SharedType } from '../../runtime/namespaces.ts';
import { isRemapped } from '../../runtime/user-namespace.ts';
import type { SharedNamespace } from '../container/create.ts';
import type { ContainerRecord } from '../record/container-record.ts';
import type { Execution } from './execution.ts';
import { findContainer } from './find-container.ts';

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
  if (!isRemapped(service)) return;
  for (const type of [...SHARED_TYPES, 'network_mode'] as const) checkOwner(execution, type, service);
}

/** In a user namespace one has no rights over what belongs to the host's. */
function checkOwner(
  execution: Execution,
  attribute: SharedType | 'network_mode',
  service: ServiceConfig,
): void {
  const text = service[attribute];
  const mode = parseNamespaceMode(text);
  const named = mode?.kind === 'service' ? execution.services[mode.name] : undefined;
  if (named ? isRemapped(named) : mode?.kind !== 'container') return;
  const other = named ? undefined : findJoined(execution, attribute, text);
  if (other?.idRange && other.project === execution.project.name) return;
  throw new TcError(
    `service ${service.name}: ${attribute}: ${text} is not in the user namespace of this project, and the service is`,
    {
      code: 'user-namespace',
      hints: ['set `userns_mode` to the same for both'],
    },
  );
}

/** The container that `service:NAME` or `container:NAME` means. */
export function findJoined(
  execution: Execution,
  attribute: string,
  text: string | undefined,
): ContainerRecord | undefined {
  const mode = parseNamespaceMode(text);
  if (mode?.kind !== 'service' && mode?.kind !== 'container') return undefined;
  const found = findContainer(execution, mode.kind, mode.name);
  if (found) return found;
  throw new TcError(`${attribute}: ${text}: there is no such container`, {
    code: attribute === 'network_mode' ? 'network-mode' : 'no-such-namespace',
    hints: ['start it first: namespaces are shared with containers that run'],
  });
}
