// Values of what separates a container from the host and from others, as far as this runtime does not take them.

import type { ServiceConfig } from '../project/service-config.ts';
import { normalizeCapability } from './capabilities.ts';
import { among, type Finding, NOTHING, unsupported, wrong } from './finding.ts';
import { parseSecurityOptions } from './security-options.ts';
import { explainSysctl } from './sysctls.ts';

export const hostNamespace = among('host');
export const ipc = among('private', 'shareable', 'host');

export function capabilities(names: readonly string[]): readonly Finding[] {
  return names.flatMap((name, index) =>
    normalizeCapability(name)
      ? NOTHING
      : [wrong(`"${name}" is not a capability`, 'see capabilities(7) for the names', [index])],
  );
}

export function securityOptions(options: readonly string[]): readonly Finding[] {
  const { labels, unsupported: unknown } = parseSecurityOptions(options);
  const at = (option: string) => [options.indexOf(option)];
  return [
    ...unknown.map((option) =>
      unsupported(option, 'use no-new-privileges, seccomp, apparmor, label or systempaths', at(option)),
    ),
    ...labels.map(
      (option): Finding => ({
        path: at(option),
        what: `"${option}" has no effect: SELinux labels are not set`,
        kind: 'ignored',
      }),
    ),
  ];
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
