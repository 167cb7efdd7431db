// Values of what separates a container from the host and from others, as far as this runtime does not take them.

import type { ServiceConfig } from '../project/service-config.ts';
import { normalizeCapability } from './capabilities.ts';
import { among, type Finding, NOTHING, unsupported, wrong } from './finding.ts';
import { hasOwnPids, parseNamespaceMode } from './namespaces.ts';
import { parseSecurityOptions } from './security-options.ts';
import { explainSysctl } from './sysctls.ts';
import { findHostShare, isRemapped } from './user-namespace.ts';

/** As the Engine refuses it: the one would undo the other. */
export function userNamespace(value: string, service: ServiceConfig): readonly Finding[] {
  const found = among('host', 'auto', 'private')(value);
  const shared = isRemapped(service) ? findHostShare(service) : undefined;
  if (shared === undefined) return found;
  const hint = 'set `userns_mode: host`, or leave out what it shares with the host';
  return [wrong(`a user namespace cannot be combined with ${shared}`, hint)];
}

const NAMESPACE_HINT = 'use host, service:NAME or container:NAME, or leave it out';

function namespace(value: string): readonly Finding[] {
  if (parseNamespaceMode(value)) return NOTHING;
  return [wrong(`"${value}" is not a namespace`, NAMESPACE_HINT)];
}

export function pid(value: string, service: ServiceConfig): readonly Finding[] {
  const found = ownOnly(value) ?? namespace(value);
  if (found.length > 0 || hasOwnPids(service) || !service.init) return found;
  const what = 'with the processes of others `init` has no effect: it would not be the first of them';
  return [{ path: [], what, kind: 'ignored' }];
}

export function ipc(value: string, { shm_size }: ServiceConfig): readonly Finding[] {
  const isOthers = parseNamespaceMode(value)?.kind !== 'own';
  const found = namespace(value);
  if (found.length > 0 || !shm_size || !isOthers) return found;
  return [{ path: [], what: 'with the memory of others `shm_size` has no effect', kind: 'ignored' }];
}

export function uts(value: string, { hostname, domainname }: ServiceConfig): readonly Finding[] {
  const found = ownOnly(value) ?? namespace(value);
  const named = hostname ? 'hostname' : domainname ? 'domainname' : undefined;
  if (found.length > 0 || named === undefined) return found;
  return [
    wrong(`cannot be combined with \`${named}\``, `it would change the name of others: remove ${named}`),
  ];
}

/** Words that only `ipc` has. */
function ownOnly(value: string): readonly Finding[] | undefined {
  if (!['shareable', 'none'].includes(value)) return undefined;
  return [wrong(`"${value}" is not a namespace`, NAMESPACE_HINT)];
}

export function capabilities(names: readonly string[]): readonly Finding[] {
  return names.flatMap((name, index) =>
    normalizeCapability(name)
      ? NOTHING
      : [wrong(`"${name}" is not a capability`, 'see capabilities(7) for the names', [index])],
  );
}

export function securityOptions(options: readonly string[]): readonly Finding[] {
  return parseSecurityOptions(options).unsupported.map((option) =>
    unsupported(option, 'use no-new-privileges, seccomp, apparmor, label or systempaths', [
      options.indexOf(option),
    ]),
  );
}

export function sysctls(
  values: Readonly<Record<string, string>>,
  service: ServiceConfig,
): readonly Finding[] {
  const isolation = { ownNetwork: service.network_mode !== 'host', ownIpc: service.ipc !== 'host' };
  return Object.keys(values).flatMap((name) => {
    const reason = explainSysctl(name, isolation);
    return reason ? [wrong(`"${name}" ${reason}`, undefined, [name])] : NOTHING;
  });
}
