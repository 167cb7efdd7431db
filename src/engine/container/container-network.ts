// How a container is connected, in the runtime's terms. Pure.

import { join } from 'node:path';
import type { OperationOf } from '../../plan/operation.ts';
import type { NetworkInput } from '../../runtime/container-input.ts';
import type { Instance } from '../instance/instance.ts';
import type { ContainerRecord, EndpointRecord, PortRecord } from '../record/container-record.ts';
import { describeEndpoints, type EndpointPlan, findDefaultEndpoint } from './endpoints.ts';

export interface ConnectionSource {
  readonly id: string;
  readonly operation: OperationOf<'create-container'>;
  readonly plans: readonly EndpointPlan[];
  readonly endpoints: readonly EndpointRecord[];
  readonly ports: readonly PortRecord[];
  readonly joined?: ContainerRecord;
  /** The host name of the container whose network it is. */
  readonly joinedHostname?: string;
}

/** Id of the container whose network one shares with `joined`, who may share it in turn. */
export function findNetworkOwner(joined: ContainerRecord): string {
  return joined.networkOf ?? joined.id;
}

export function describeNetwork(instance: Instance, source: ConnectionSource): NetworkInput {
  const { id, plans, endpoints, joined, joinedHostname } = source;
  const nothing = { endpoints: [], ports: [], isolated: false };
  if (joined) {
    return {
      mode: 'join',
      // Whoever is named has the namespace, though its owner may have ended.
      joinControl: join(instance.paths.containerRun(joined.id), 'ctl'),
      joinBundle: instance.paths.container(findNetworkOwner(joined)),
      ...(joinedHostname === undefined ? {} : { joinHostname: joinedHostname }),
      ...nothing,
    };
  }
  const { network_mode: mode } = source.operation.service;
  if (mode === 'host') return { mode: 'host', ...nothing };
  const chosen = findDefaultEndpoint(plans);
  const gateway = chosen?.network.subnets.find((entry) => !entry.subnet.includes(':'))?.gateway;
  return {
    mode: 'private',
    endpoints: describeEndpoints({
      containerId: id,
      plans,
      leases: endpoints,
      names: instance.names,
      paths: instance.paths,
    }),
    ports: describePorts(instance, source),
    isolated: plans.length > 0 && plans.every((plan) => plan.network.internal),
    ...(gateway === undefined ? {} : { hostGateway: gateway }),
  };
}

/** Published ports lead to the endpoint that has the default route, where answers go out again; else to the first. */
function describePorts(instance: Instance, source: ConnectionSource): NetworkInput['ports'] {
  const chosen = findDefaultEndpoint(source.plans);
  const endpoint =
    source.endpoints.find((lease) => lease.networkId === chosen?.network.id) ?? source.endpoints[0];
  return source.ports.flatMap(({ protocol, address, port, target }) => {
    // Of the same family the kernel carries it; from one to the other the relay does.
    const targetAddress = address.includes(':')
      ? (endpoint?.ipv6 ?? endpoint?.ipv4)
      : (endpoint?.ipv4 ?? endpoint?.ipv6);
    if (targetAddress === undefined) return [];
    const group = instance.paths.portGroup(protocol, address, port);
    return [{ protocol, address, port, target, targetAddress, group }];
  });
}
