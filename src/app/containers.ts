// Picking containers out of a snapshot by what the user calls them.

import { TcError } from '../base/error.ts';
import { findNearest } from '../base/suggest.ts';
import type { ObservedContainer, ObservedState } from '../plan/observed-state.ts';
import type { ProjectModel } from '../project/model.ts';
import type { OutputSource } from './context.ts';

/** The services' containers, one-off ones aside; all services if none is named. */
export function selectContainers(
  state: ObservedState,
  services: readonly string[],
): readonly ObservedContainer[] {
  const wanted = new Set(services);
  return state.containers.filter(
    (container) => !container.oneOff && (wanted.size === 0 || wanted.has(container.service)),
  );
}

/** A running container of the service: the replica asked for, else the first. */
export function requireRunning(
  state: ObservedState,
  service: string,
  index: number | undefined,
): ObservedContainer {
  const container = requireContainer(state, service, index);
  if (container.state === 'running') return container;
  throw new TcError(`${container.name} is ${container.state}, not running`, {
    code: 'not-running',
    hints: [`start it with: tcompose start ${service}`],
  });
}

export function requireContainer(
  state: ObservedState,
  service: string,
  index: number | undefined,
): ObservedContainer {
  const replicas = selectContainers(state, [service]);
  // While a service is updated a replica may be there twice.
  const meant = replicas.filter(({ number }) => index === undefined || number === index);
  const found = meant.find((container) => container.state === 'running') ?? meant[0];
  if (found !== undefined) return found;
  const what = index === undefined ? `service "${service}"` : `replica ${index} of service "${service}"`;
  const known = [...new Set(state.containers.map((container) => container.service))];
  const near = findNearest(service, known);
  throw new TcError(`${what} has no container in project "${state.project}"`, {
    code: 'no-container',
    hints: near === undefined ? [`create it with: tcompose up -d ${service}`] : [`did you mean "${near}"?`],
  });
}

/** Fails on a service that neither the files nor any container know. */
export function requireServices(
  services: readonly string[],
  model: ProjectModel | undefined,
  state: ObservedState,
): void {
  const known = new Set([
    ...Object.keys(model?.services ?? {}),
    ...Object.keys(model?.disabledServices ?? {}),
    ...state.containers.map((container) => container.service),
  ]);
  for (const service of services) {
    if (known.has(service)) continue;
    const near = findNearest(service, [...known]);
    throw new TcError(`no such service: ${service}`, {
      code: 'no-such-service',
      hints: near === undefined ? [] : [`did you mean "${near}"?`],
    });
  }
}

/** The container's name without the project, as Docker Compose heads its lines; a name that the user gave is whole. */
function labelOf({ name, number, project, service }: ObservedContainer): string {
  const isOwn = ['-', '_'].some((separator) => name === [project, service, number].join(separator));
  return isOwn ? name.slice(project.length + 1) : name;
}

export function sourceOf(container: ObservedContainer): OutputSource {
  return {
    containerId: container.id,
    name: container.name,
    service: container.service,
    number: container.number,
    label: labelOf(container),
  };
}
