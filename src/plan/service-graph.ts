// Which service needs which: what depends_on says, and what sharing implies.

import { DepGraph, DepGraphCycleError } from 'dependency-graph';
import { TcError } from '../base/error.ts';
import type { ProjectModel } from '../project/model.ts';
import type { DependencyConfig, ServiceConfig } from '../project/service-config.ts';

export type Services = Readonly<Record<string, ServiceConfig>>;

/** Code-unit order: the same on every machine, whatever its locale. */
export function sortedKeys(record: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(record).sort();
}

/** Services whose container is named by `service:NAME` in one of the service's namespace modes. */
export function namespaceSources(service: ServiceConfig): string[] {
  const modes = [service.network_mode, service.ipc, service.pid, service.uts, service.cgroup];
  const names = modes.flatMap((mode) =>
    mode?.startsWith('service:') ? [mode.slice('service:'.length)] : [],
  );
  return [...new Set(names)];
}

/** Services of which a container must exist before one of this service can be created. */
export function containerSources(service: ServiceConfig): string[] {
  const volumesFrom = (service.volumes_from ?? [])
    .filter((source) => !source.startsWith('container:'))
    .map((source) => source.split(':', 1)[0] ?? '');
  // Variables tell of the very container that was linked.
  const linked = service.tcompose?.link_variables ? linkedServices(service) : [];
  return [...new Set([...namespaceSources(service), ...volumesFrom, ...linked])];
}

export function linkedServices(service: ServiceConfig): string[] {
  const names = (service.links ?? []).map((link) => link.split(':', 1)[0] ?? '');
  return names.filter((name) => name !== service.name);
}

/** Explicit dependencies, and those that links and sharing imply (compose-spec, 05-services.md, depends_on). */
export function dependenciesOf(service: ServiceConfig): Readonly<Record<string, DependencyConfig>> {
  const implied = [...containerSources(service), ...linkedServices(service)].filter(
    (name) => name !== service.name,
  );
  const started: DependencyConfig = { condition: 'service_started', required: true };
  return { ...Object.fromEntries(implied.map((name) => [name, started])), ...service.depends_on };
}

/** Names of the services, those depended on first, else by name. Dependencies outside `services` do not count. */
export function orderServices(services: Services, positions?: ProjectModel['positions']): string[] {
  const graph = buildGraph(services);
  try {
    graph.overallOrder();
  } catch (error) {
    if (error instanceof DepGraphCycleError) throw dependencyCycle(error.cyclePath, positions);
    throw error;
  }
  const order = new Set<string>();
  const visit = (name: string): void => {
    if (order.has(name)) return;
    for (const on of graph.directDependenciesOf(name)) visit(on);
    order.add(name);
  };
  for (const name of sortedKeys(services)) visit(name);
  return [...order];
}

function buildGraph(services: Services): DepGraph<ServiceConfig> {
  const graph = new DepGraph<ServiceConfig>();
  for (const [name, service] of Object.entries(services)) graph.addNode(name, service);
  for (const [name, service] of Object.entries(services)) {
    for (const on of sortedKeys(dependenciesOf(service))) {
      if (graph.hasNode(on)) graph.addDependency(name, on);
    }
  }
  return graph;
}

function dependencyCycle(path: readonly string[], positions: ProjectModel['positions'] | undefined): TcError {
  const cycle = path.slice(path.indexOf(path.at(-1) ?? ''));
  const first = cycle[0] ?? '';
  const source = positions?.at(['services', first, 'depends_on', cycle[1] ?? '']);
  return new TcError(`dependency cycle: ${cycle.join(' -> ')}`, {
    code: 'dependency-cycle',
    hints: ['remove one of these dependencies, so that there is a service to start first'],
    ...(source === undefined ? {} : { source }),
  });
}

/** The named services and everything they depend on, as far as `services` knows it. */
export function withDependencies(services: Services, names: Iterable<string>): Set<string> {
  const found = new Set<string>();
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const service = services[name];
    if (service === undefined || found.has(name)) continue;
    found.add(name);
    waiting.push(...Object.keys(dependenciesOf(service)));
  }
  return found;
}
