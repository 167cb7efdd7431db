// What a service asks to publish, one entry per socket. Pure.

import { TcError } from '../../base/error.ts';
import type { ServiceConfig } from '../../project/service-config.ts';

export interface PortRequest {
  /** Host addresses that get the same port, in this order. */
  readonly addresses: readonly string[];
  /** First and last candidate, inclusive; absent: any free port. */
  readonly range?: readonly [number, number];
  readonly target: number;
  readonly protocol: 'tcp' | 'udp';
}

/** Every address of both families. */
const ANYWHERE: readonly string[] = ['0.0.0.0', '::'];

/**
 * `anywhere`: where ports are published that name no host address. A container without a network of its own publishes
 * nothing: it has the host's ports, another's, or none.
 */
export function resolvePortRequests(
  service: ServiceConfig,
  anywhere: readonly string[] = ANYWHERE,
): PortRequest[] {
  const mode = service.network_mode;
  if (mode !== undefined && mode !== 'bridge') return [];
  return service.ports.map(({ host_ip, published, target, protocol }) => {
    if (protocol !== 'tcp' && protocol !== 'udp') {
      throw new TcError(
        `service ${service.name}: port ${target}: protocol "${protocol}" is not supported yet`,
        {
          code: 'port-protocol',
          hints: ['publish tcp or udp'],
        },
      );
    }
    return {
      addresses: host_ip ? [host_ip.replace(/^\[(.*)\]$/, '$1')] : anywhere,
      ...(published ? { range: parseRange(published, service.name) } : {}),
      target,
      protocol,
    };
  });
}

function parseRange(text: string, service: string): readonly [number, number] | undefined {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || last < first || last > 65535) {
    throw new TcError(`service ${service}: published port "${text}" is not a port or a range of ports`, {
      code: 'port-range',
    });
  }
  // `published: 0` is a way to write "any".
  return last === 0 ? undefined : [first, last];
}
