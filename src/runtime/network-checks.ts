// Values of the attributes about networks: what of them means nothing, or something that this runtime does not do.

import { isIp } from '../base/ip.ts';
import type { StringMap } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import { ENDPOINT_SYSCTLS, findWrongSysctls } from './endpoint-options.ts';
import { type Finding, NOTHING, unsupported, wrong } from './finding.ts';

export function networkMode(value: string, service: ServiceConfig): readonly Finding[] {
  if (value === 'none' || value === 'host') return service.ports.length > 0 ? [portsIgnored(value)] : NOTHING;
  if (/^(service|container):./s.test(value)) return findSharedNetworkConflicts(service);
  if (value === 'bridge') return NOTHING;
  return [unsupported(value, 'use none, host, bridge, service:NAME or container:NAME')];
}

function portsIgnored(mode: string): Finding {
  return { path: [], what: `with "${mode}" no port is published: \`ports\` has no effect`, kind: 'ignored' };
}

/** They would change the network, the names or the files of the other container. As the Engine refuses them. */
const OF_THE_OTHER = [
  'ports',
  'hostname',
  'dns',
  'dns_search',
  'dns_opt',
  'extra_hosts',
  'mac_address',
  'links',
  'external_links',
] as const;

function findSharedNetworkConflicts(service: ServiceConfig): readonly Finding[] {
  return OF_THE_OTHER.filter((name) => (service[name]?.length ?? 0) > 0).map((name) =>
    wrong(`cannot be combined with \`${name}\``, `move \`${name}\` to the service whose network it shares`),
  );
}

/** RFC 3927: 169.254/16; RFC 4291: fe80::/64. */
export function linkLocalAddresses(addresses: readonly string[]): readonly Finding[] {
  return addresses.flatMap((address, index) => {
    const isLinkLocal = isIp(address) && /^(169\.254\.|fe80::)/i.test(address);
    if (isLinkLocal) return NOTHING;
    return [wrong(`"${address}" is not a link-local address`, 'write 169.254.X.Y or fe80::X', [index])];
  });
}

export function endpointOptions(options: StringMap): readonly Finding[] {
  return Object.entries(options).flatMap(([name, value]): readonly Finding[] => {
    if (name !== ENDPOINT_SYSCTLS) {
      return [{ path: [name], what: `option "${name}" is not known here`, kind: 'ignored' }];
    }
    return findWrongSysctls(value).map((setting) =>
      wrong(
        `"${setting}" is not a setting of an interface`,
        'write for example net.ipv4.conf.IFNAME.log_martians=1',
        [name],
      ),
    );
  });
}
