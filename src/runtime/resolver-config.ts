// resolv.conf(5), hosts(5) and hostname(5): reading the host's resolver configuration, and writing the container's
// three files.

import type { EndpointSpec } from './monitor-spec.ts';

export interface ResolverConfig {
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

/** The address on which the container's DNS answers. */
const EMBEDDED = '127.0.0.11';
/** Without a nameserver line the local machine's is meant (resolv.conf(5)). */
const LOCAL = '127.0.0.1';

export function parseResolverConfig(text: string): ResolverConfig {
  const nameservers: string[] = [];
  let search: string[] = [];
  const options: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'nameserver' && values[0]) nameservers.push(values[0]);
    // Of several search and domain lines the last counts.
    if (keyword === 'search' || keyword === 'domain') search = values;
    if (keyword === 'options') options.push(...values);
  }
  return { nameservers: nameservers.length > 0 ? nameservers : [LOCAL], search, options };
}

export interface ResolverOverrides {
  readonly dns?: readonly string[];
  readonly dns_search?: readonly string[];
  readonly dns_opt?: readonly string[];
}

/** What the service says in the place of the host's; `dns_search: .` means no search domain. */
export function mergeResolverConfig(host: ResolverConfig, service: ResolverOverrides): ResolverConfig {
  const search = service.dns_search?.length ? service.dns_search : host.search;
  return {
    nameservers: service.dns?.length ? service.dns : host.nameservers,
    search: search.filter((domain) => domain !== '.'),
    options: service.dns_opt?.length ? service.dns_opt : host.options,
  };
}

/**
 * `embedded`: the container's own DNS is asked, which knows the project's names and forwards the rest; `ndots:0`, so
 * that a service's name is tried as it stands first.
 */
export function formatResolverConfig(config: ResolverConfig, embedded: boolean): string {
  const nameservers = embedded ? [EMBEDDED] : config.nameservers;
  const hasDots = config.options.some((option) => option.startsWith('ndots:'));
  const options = embedded && !hasDots ? [...config.options, 'ndots:0'] : config.options;
  const lines = nameservers.map((address) => `nameserver ${address}`);
  if (config.search.length > 0) lines.push(`search ${config.search.join(' ')}`);
  if (options.length > 0) lines.push(`options ${options.join(' ')}`);
  return `${lines.join('\n')}\n`;
}

const LOOPBACK_V6 = [
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

export interface HostsInput {
  readonly hostname: string;
  readonly domainname?: string;
  readonly hasIpv6: boolean;
  /** `HOST=IP`, IPs resolved. */
  readonly extraHosts: readonly string[];
  readonly endpoints: readonly EndpointSpec[];
}

export function formatHosts(input: HostsInput): string {
  const { hostname, domainname } = input;
  // As under Docker, what stands before the first dot is a name as well.
  const names = [
    ...(domainname ? [`${hostname}.${domainname}`] : []),
    hostname,
    hostname.replace(/\..*$/, ''),
  ];
  const own = [...new Set(names)].join(' ');
  const addresses = input.endpoints.flatMap((endpoint) => [endpoint.ipv4, endpoint.ipv6]);
  const lines = [
    '127.0.0.1\tlocalhost',
    ...(input.hasIpv6 ? LOOPBACK_V6 : []),
    ...formatExtraHosts(input.extraHosts),
    ...addresses.flatMap((address) => (address ? [`${address.replace(/\/.*$/, '')}\t${own}`] : [])),
  ];
  return `${lines.join('\n')}\n`;
}

/** `HOST=IP` -> `IP\tHOST`. */
export function formatExtraHosts(extraHosts: readonly string[]): string[] {
  return extraHosts.map((entry) => {
    const separator = entry.indexOf('=');
    return `${entry.slice(separator + 1).replace(/^\[(.*)\]$/, '$1')}\t${entry.slice(0, separator)}`;
  });
}
