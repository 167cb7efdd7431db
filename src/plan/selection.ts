// Which services a command is about, how many replicas each shall have, and what those are called.

import { TcError } from '../base/error.ts';
import type { ProjectModel } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import type { ObservedContainer, ObservedState } from './observed-state.ts';
import { type Services, sortedKeys, withDependencies } from './service-graph.ts';
import type { UpOptions } from './up-options.ts';

export interface Selection {
  /** Named by the user, or all. */
  readonly named: ReadonlySet<string>;
  /** Named ones and what they depend on. */
  readonly selected: ReadonlySet<string>;
}

export function selectServices(model: ProjectModel, options: UpOptions): Selection {
  checkNames(model, [...(options.services ?? []), ...sortedKeys(options.scale ?? {})]);
  const asked = options.services ?? [];
  const named = new Set(asked.length > 0 ? asked : sortedKeys(model.services));
  const selected = options.noDeps ? named : withDependencies(model.services, named);
  for (const name of selected) checkScale(model, name, options);
  return { named, selected };
}

/** Fails with the first name that is no enabled service of the project. */
export function checkNames(model: ProjectModel, names: readonly string[]): void {
  for (const name of names) {
    if (Object.hasOwn(model.services, name)) continue;
    const isDisabled = Object.hasOwn(model.disabledServices, name);
    const profiles = model.disabledServices[name]?.profiles ?? [];
    throw new TcError(`no such service: ${name}`, {
      code: 'no-such-service',
      hints: [
        isDisabled
          ? `it belongs to the profile ${profiles.join(', ')}: add --profile ${profiles[0] ?? ''}`
          : `the project ${model.name} has ${sortedKeys(model.services).join(', ') || 'no services'}`,
      ],
    });
  }
}

export function desiredScale(service: ServiceConfig, options: UpOptions): number {
  return options.scale?.[service.name] ?? service.scale ?? service.deploy?.replicas ?? 1;
}

function checkScale(model: ProjectModel, name: string, options: UpOptions): void {
  const service = model.services[name];
  if (service?.container_name === undefined || desiredScale(service, options) <= 1) return;
  const source = model.positions.at(['services', name, 'container_name']);
  throw new TcError(
    `service "${name}" cannot have ${desiredScale(service, options)} replicas: container_name gives all of them the name "${service.container_name}"`,
    {
      code: 'container-name-scaled',
      hints: ['remove container_name, or run one replica'],
      ...(source === undefined ? {} : { source }),
    },
  );
}

export function containerName(
  model: ProjectModel,
  service: ServiceConfig,
  number: number,
  separator = '-',
): string {
  return service.container_name ?? [model.name, service.name, number].join(separator);
}

/** Service -> its containers by number; one-offs are nobody's replicas. */
export function replicasByService(state: ObservedState): Map<string, ObservedContainer[]> {
  const found = new Map<string, ObservedContainer[]>();
  for (const container of state.containers) {
    if (container.oneOff) continue;
    const list = found.get(container.service);
    if (list) list.push(container);
    else found.set(container.service, [container]);
  }
  for (const list of found.values()) list.sort((a, b) => a.number - b.number);
  return found;
}

/** True if the container has a process, or its monitor will start one. */
export function isActive(container: ObservedContainer): boolean {
  return container.state === 'running' || container.state === 'paused' || container.state === 'restarting';
}

/** False for what an interrupted command left. */
export function isWhole(container: ObservedContainer): boolean {
  return container.state !== 'creating' && container.state !== 'removing';
}

/** What is not in the model: containers of no service, and one-offs that have ended. */
export function isOrphan(container: ObservedContainer, known: (service: string) => boolean): boolean {
  return container.oneOff ? !isActive(container) : !known(container.service);
}

export function knows(
  model: ProjectModel,
  services: Services = model.services,
): (service: string) => boolean {
  return (name) => Object.hasOwn(services, name) || Object.hasOwn(model.disabledServices, name);
}
