// Which networks a container joins, in which order, under which names; and a lease as the monitor wants it. Pure.

import { joinedNetworks } from '../../plan/joined-networks.ts';
import type { ServiceConfig, ServiceNetworkConfig } from '../../project/service-config.ts';
import { parseEndpointSysctls } from '../../runtime/endpoint-options.ts';
import type { EndpointSpec } from '../../runtime/monitor-spec.ts';
import type { KernelNames } from '../instance/kernel-names.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { parseNetworkOptions } from '../network/network-options.ts';
import type { EndpointRecord } from '../record/container-record.ts';
import type { NetworkRecord } from '../record/network-record.ts';

export interface EndpointPlan {
  readonly key: string;
  readonly network: NetworkRecord;
  readonly config: ServiceNetworkConfig;
}

export interface ContainerNaming {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly hostname: string | undefined;
  /** A one-off stands beside the service: names of the service keep leading to its own replicas. */
  readonly isBeside: boolean;
}

/** In the order of their interfaces: the highest `priority` is eth0 (compose-spec, 05-services, priority). */
export function orderEndpoints(
  service: ServiceConfig,
  networks: ReadonlyMap<string, NetworkRecord>,
): EndpointPlan[] {
  return Object.entries(joinedNetworks(service))
    .flatMap(([key, config]) => {
      const network = networks.get(key);
      return network ? [{ key, network, config: config ?? {} }] : [];
    })
    .sort((a, b) => (b.config.priority ?? 0) - (a.config.priority ?? 0) || (a.key < b.key ? -1 : 1));
}

/**
 * The names that resolve to the container on one network, lower case. Container names resolve in both spellings,
 * `project-web-1` and `project_web_1`: files written for either generation of Compose find them.
 */
export function listNames(naming: ContainerNaming, config: ServiceNetworkConfig): string[] {
  const own = [
    naming.name,
    naming.name.replaceAll('-', '_'),
    naming.name.replaceAll('_', '-'),
    naming.id.slice(0, 12),
    ...(naming.hostname ? [naming.hostname] : []),
  ];
  const shared = naming.isBeside ? [] : [naming.service, ...(config.aliases ?? [])];
  const usable = [...own, ...shared]
    .map((name) => name.toLowerCase().replace(/\.$/, ''))
    .filter((name) => name !== '' && !/[\s,]/.test(name));
  return [...new Set(usable)];
}

/** The endpoint that gives the default route: highest `gw_priority`, else the first whose network leads out. */
export function findDefaultEndpoint(plans: readonly EndpointPlan[]): EndpointPlan | undefined {
  return plans
    .filter((plan) => !plan.network.internal)
    .reduce<EndpointPlan | undefined>((best, plan) => {
      if (best === undefined) return plan;
      return (plan.config.gw_priority ?? 0) > (best.config.gw_priority ?? 0) ? plan : best;
    }, undefined);
}

export interface EndpointSpecSource {
  readonly containerId: string;
  readonly plans: readonly EndpointPlan[];
  readonly leases: readonly EndpointRecord[];
  readonly names: KernelNames;
  readonly paths: InstancePaths;
}

export function describeEndpoints(source: EndpointSpecSource): EndpointSpec[] {
  const chosen = findDefaultEndpoint(source.plans);
  return source.leases.map((lease, index) => {
    const plan = source.plans.find(({ network }) => network.id === lease.networkId);
    const network = plan?.network;
    return {
      networkId: lease.networkId,
      bridge: network?.bridge ?? source.names.bridge(lease.networkId),
      hostInterface: source.names.hostInterface(source.containerId, index),
      mac: lease.mac,
      mtu: network?.mtu ?? 1500,
      ...describeLink(plan, index),
      ...describeFamily(network, lease.ipv4, 'ipv4'),
      ...describeFamily(network, lease.ipv6, 'ipv6'),
      isDefault: plan !== undefined && plan === chosen,
      slot: lease.slot,
      networkRunDir: source.paths.networkRun(lease.networkId),
    };
  });
}

/** What kind of link it is, what it is called, and what belongs to it alone. */
function describeLink(
  plan: EndpointPlan | undefined,
  index: number,
): Pick<EndpointSpec, 'interface' | 'below' | 'isolated' | 'linkLocal' | 'sysctls'> {
  if (plan === undefined) return { interface: `eth${index}` };
  const { network, config } = plan;
  const { parent, interfacePrefix = 'eth' } = parseNetworkOptions(network.recorded);
  const linkLocal = config.link_local_ips?.map(addLinkLocalPrefix) ?? [];
  const name = config.interface_name ?? `${interfacePrefix}${index}`;
  const sysctls = parseEndpointSysctls(config.driver_opts, name);
  return {
    interface: name,
    ...(parent ? { below: { ...parent.kind, parent: parent.link } } : {}),
    ...(network.communicates === false ? { isolated: true } : {}),
    ...(linkLocal.length > 0 ? { linkLocal } : {}),
    ...(Object.keys(sysctls).length > 0 ? { sysctls } : {}),
  };
}

/** RFC 3927 and RFC 4291: the whole of the link-local range is one link's. */
function addLinkLocalPrefix(address: string): string {
  return address.includes(':') ? `${address}/64` : `${address}/16`;
}

function describeFamily(
  network: NetworkRecord | undefined,
  address: string | undefined,
  family: 'ipv4' | 'ipv6',
): Partial<EndpointSpec> {
  if (address === undefined) return {};
  const isWanted = (text: string) => text.includes(':') === (family === 'ipv6');
  const subnet = network?.subnets.find((entry) => isWanted(entry.subnet));
  const prefix = subnet?.subnet.split('/')[1];
  // An internal network has no way out: no endpoint on it may give a default route.
  const gateway = network?.internal ? undefined : subnet?.gateway;
  return family === 'ipv4'
    ? { ipv4: `${address}/${prefix}`, ipv4Gateway: gateway }
    : { ipv6: `${address}/${prefix}`, ipv6Gateway: gateway };
}
