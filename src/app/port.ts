// port: where a container's port is published.

import { TcError } from '../base/error.ts';
import type { ObservedPublisher } from '../plan/observed-state.ts';
import { requireContainer } from './containers.ts';
import type { AppContext } from './context.ts';
import { findNamedProject } from './named-project.ts';

export interface PortOptions {
  readonly service: string;
  readonly target: number;
  readonly protocol: string;
  readonly index?: number;
}

/** The first place, IPv4 before IPv6: scripts take the output for one address. */
export async function port(
  context: AppContext,
  { service, target, protocol, index }: PortOptions,
): Promise<ObservedPublisher> {
  const { name } = await findNamedProject(context);
  const engine = await context.engine('read');
  const container = requireContainer(await engine.observe(name), service, index);
  const places = container.publishers.filter(
    (publisher) => publisher.target === target && publisher.protocol === protocol,
  );
  const found = places.find(({ address }) => !address.includes(':')) ?? places[0];
  if (found !== undefined) return found;
  const others = container.publishers.map((publisher) => `${publisher.target}/${publisher.protocol}`);
  const isStopped = container.state === 'exited' || container.state === 'created';
  const nothing = isStopped ? `it does not run: \`tcompose start ${service}\`` : 'it publishes no port';
  throw new TcError(`port ${target}/${protocol} of ${container.name} is not published`, {
    code: 'port-not-published',
    hints: [others.length === 0 ? nothing : `it publishes ${[...new Set(others)].join(', ')}`],
  });
}
