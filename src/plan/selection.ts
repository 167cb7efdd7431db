// Which services a command is about, how many replicas each shall have, and what those are called.

import { TcError } from '../base/error.ts';
import { findNearest } from '../base/suggest.ts';
import type { ProjectModel } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import type { ObservedContainer, ObservedState } from './observed-state.ts';
import { sortedKeys, withDependencies } from './service-graph.ts';
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

/** Fails with the first name that is no service of the project. What runs may be of an inactive profile. */
export function checkKnown(model: ProjectModel, names: readonly string[]): void {
  const isKnown = knows(model);
  checkNames(
    model,
    names.filter((name) => !isKnown(name)),
  );
}

/** The service of this name; fails if there is none, or if no active profile enables it. */
export function requireService(model: ProjectModel, name: string): ServiceConfig {
  checkNames(model, [name]);
  return model.services[name] as ServiceConfig;
}

/** Fails with the first name that is no enabled service of the project. */
function checkNames(model: ProjectModel, names: readonly string[]): void {
  const unknown = names.find((name) => !Object.hasOwn(model.services, name));
  if (unknown === undefined) return;
  const hints = [explainAbsence(model, unknown)];
  throw new TcError(`no such service: ${unknown}`, { code: 'no-such-service', hints });
}

function explainAbsence(model: ProjectModel, name: string): string {
  const profiles = model.disabledServices[name]?.profiles;
  if (profiles) return `it belongs to the profile ${profiles.join(', ')}: add --profile ${profiles[0] ?? ''}`;
  const names = sortedKeys(model.services);
  const near = findNearest(name, names);
  return near === undefined ? `services are ${names.join(', ') || 'none'}` : `did you mean "${near}"?`;
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

export function knows(model: ProjectModel): (service: string) => boolean {
  return (name) => Object.hasOwn(model.services, name) || Object.hasOwn(model.disabledServices, name);
}
