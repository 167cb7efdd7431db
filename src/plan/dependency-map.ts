// Dependencies of the services that containers belong to: from the model where it knows the service, else as the
// container's labels and record tell, so that verbs work without a Compose file.

import type { ProjectModel } from '../project/model.ts';
import type { DependencyCondition, DependencyConfig } from '../project/service-config.ts';
import type { ObservedContainer } from './observed-state.ts';
import { dependenciesOf, namespaceSources } from './service-graph.ts';

export type Dependencies = Readonly<Record<string, DependencyConfig>>;
export type DependencyMap = ReadonlyMap<string, Dependencies>;

export function mapDependencies(
  model: ProjectModel | undefined,
  containers: readonly ObservedContainer[],
): DependencyMap {
  const found = new Map<string, Dependencies>();
  for (const service of Object.values({ ...model?.disabledServices, ...model?.services })) {
    found.set(service.name, dependenciesOf(service));
  }
  for (const container of containers) {
    const known = found.get(container.service) ?? recordedDependencies(container);
    found.set(container.service, { ...sharedDependencies(container), ...known });
  }
  return found;
}

/** All that a service depends on, directly or not; itself only in a cycle. */
export function reachable(
  service: string,
  map: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
): Set<string> {
  const found = new Set<string>();
  const waiting = Object.keys(map.get(service) ?? {});
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    waiting.push(...Object.keys(map.get(name) ?? {}));
  }
  return found;
}

/** Services with those they depend on first. Labels of different generations can make a cycle: it is cut anywhere. */
export function orderByDependency(map: DependencyMap): string[] {
  const order = new Set<string>();
  const open = new Set<string>();
  const stack = [...map.keys()].sort().reverse();
  for (let name = stack.at(-1); name !== undefined; name = stack.at(-1)) {
    const next = Object.keys(map.get(name) ?? {})
      .sort()
      .filter((on) => map.has(on) && !open.has(on) && !order.has(on));
    if (order.has(name) || next.length === 0 || open.has(name)) {
      order.add(name);
      stack.pop();
    } else {
      open.add(name);
      stack.push(...next.reverse());
    }
  }
  return [...order];
}

/** Whatever the files say today, the container is in the namespaces that it was made with. */
function sharedDependencies({ recorded }: ObservedContainer): Dependencies {
  const started: DependencyConfig = { condition: 'service_started', required: true };
  return Object.fromEntries(namespaceSources(recorded).map((name) => [name, started]));
}

/** `a:service_started:false,b:service_healthy:true`: name, condition, restart; and what the record implies. */
function recordedDependencies(container: ObservedContainer): Dependencies {
  const label = container.labels['com.docker.compose.depends_on'] ?? '';
  const entries = label.split(',').filter((entry) => entry !== '');
  const named = entries.map((entry): [string, DependencyConfig] => {
    const [name = '', condition, restart] = entry.split(':');
    return [name, { condition: parseCondition(condition), required: true, restart: restart === 'true' }];
  });
  return { ...dependenciesOf(container.recorded), ...Object.fromEntries(named) };
}

function parseCondition(text: string | undefined): DependencyCondition {
  if (text === 'service_healthy' || text === 'service_completed_successfully') return text;
  return 'service_started';
}
