// The names of a container, and the files of its bundle that say them: hosts, hostname, resolv.conf.

import type { BundleFile, ContainerInput } from './container-input.ts';
import type { DnsSpec } from './monitor-spec.ts';
import {
  formatExtraHosts,
  formatHosts,
  formatResolverConfig,
  mergeResolverConfig,
} from './resolver-config.ts';

/** Docker's: the short id, unless the service says otherwise or the network is the host's or another container's. */
export function resolveHostname({ service, host, network, identity, joins }: ContainerInput): string {
  const names = joins?.find(({ type }) => type === 'uts');
  if (names) return names.hostname;
  if (service.uts === 'host') return host.hostname;
  if (service.hostname) return service.hostname;
  if (network.mode === 'host') return host.hostname;
  return network.joinHostname ?? identity.id.slice(0, 12);
}

/** Target in the container -> name in the bundle. */
const TARGETS = {
  '/etc/hosts': 'hosts',
  '/etc/hostname': 'hostname',
  '/etc/resolv.conf': 'resolv.conf',
} as const;

/** Target -> absolute source. A container that shares another's network shares its three files. */
export function locateFiles({ network, paths }: ContainerInput): Readonly<Record<string, string>> {
  const bundle = network.mode === 'join' && network.joinBundle ? network.joinBundle : paths.bundle;
  return Object.fromEntries(Object.entries(TARGETS).map(([target, name]) => [target, `${bundle}/${name}`]));
}

export function computeFiles(input: ContainerInput): readonly BundleFile[] {
  if (input.network.mode === 'join' && input.network.joinBundle) return [];
  return [
    { name: TARGETS['/etc/hosts'], content: computeHosts(input) },
    { name: TARGETS['/etc/hostname'], content: `${resolveHostname(input)}\n` },
    { name: TARGETS['/etc/resolv.conf'], content: computeResolver(input) },
  ];
}

function computeHosts(input: ContainerInput): string {
  const { service, host, network } = input;
  const gateway = network.hostGateway ?? '127.0.0.1';
  const extraHosts = (service.extra_hosts ?? []).map((entry) =>
    entry.replace(/=host-gateway$/, `=${gateway}`),
  );
  if (network.mode === 'host') {
    const own = host.hosts.endsWith('\n') ? host.hosts : `${host.hosts}\n`;
    return `${own}${formatExtraHosts(extraHosts)
      .map((line) => `${line}\n`)
      .join('')}`;
  }
  return formatHosts({
    hostname: resolveHostname(input),
    domainname: service.domainname,
    hasIpv6: host.hasIpv6 && service.sysctls?.['net.ipv6.conf.all.disable_ipv6'] !== '1',
    extraHosts,
    endpoints: network.endpoints,
  });
}

function computeResolver({ service, host, network }: ContainerInput): string {
  const config = mergeResolverConfig(host.resolver, service);
  return formatResolverConfig(config, hasEmbeddedDns(network));
}

/** A container has its own DNS where it is on a network of ours. */
function hasEmbeddedDns(network: ContainerInput['network']): boolean {
  return network.mode === 'private' && network.endpoints.length > 0;
}

export function computeDns({ service, host, network }: ContainerInput): DnsSpec | undefined {
  if (!hasEmbeddedDns(network)) return undefined;
  const links = [...(service.links ?? []), ...(service.external_links ?? [])].map((link) => {
    const [name = '', alias = name] = link.split(':');
    return [alias, name] as const;
  });
  return {
    upstreams: network.isolated ? [] : mergeResolverConfig(host.resolver, service).nameservers,
    links: Object.fromEntries(links),
  };
}
