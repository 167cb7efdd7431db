// User namespaces: whose ids a container's are.

import { TcError } from '../base/error.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import type { User } from './accounts.ts';
import type { ContainerInput } from './container-input.ts';

/** `auto` and `private`: ids of its own. Everything else has those of the host. */
export function isRemapped({ userns_mode }: Pick<ServiceConfig, 'userns_mode'>): boolean {
  return userns_mode === 'auto' || userns_mode === 'private';
}

/** A service's part in a user namespace that cannot be: what it shares is the host's. */
export function findHostShare(service: ServiceConfig): string | undefined {
  if (service.privileged) return '`privileged`';
  for (const attribute of ['network_mode', 'pid', 'ipc', 'uts'] as const) {
    if (service[attribute] === 'host') return `\`${attribute}: host\``;
  }
  const isShared = service.volumes.some(({ bind }) => bind?.propagation?.endsWith('shared'));
  return isShared ? '`bind.propagation: shared`' : undefined;
}

/** Throws for an id that is beyond the range. */
export function checkIds({ idRange, service, secrets = [] }: ContainerInput, user: User): void {
  if (idRange === undefined) return;
  const ids: [string, number][] = [
    ['its user', user.uid],
    ['its group', user.gid],
    ...user.additionalGids.map((gid): [string, number] => ['one of its groups', gid]),
    ...secrets.flatMap(({ target, uid, gid }): [string, number][] => [
      [`the owner of ${target}`, uid],
      [`the group of ${target}`, gid],
    ]),
  ];
  const beyond = ids.find(([, id]) => id >= idRange.size);
  if (beyond === undefined) return;
  throw new TcError(
    `service "${service.name}": ${beyond[0]} has the id ${beyond[1]}, and its user namespace ends at ${idRange.size - 1}`,
    { code: 'user-namespace', hints: ['use a lower id, or set `userns_mode: host`'] },
  );
}
