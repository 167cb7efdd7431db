// Services that are no containers: a program brings them up, and tells those that depend on them how to reach them.

import type { ProjectModel } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import type { Cause, NodeId, ProviderCommand } from './operation.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { sortedKeys, withDependencies } from './service-graph.ts';

export interface ProviderStep {
  readonly builder: PlanBuilder;
  readonly cause: Cause;
  readonly after: readonly NodeId[];
}

export function emitProvider(
  service: ServiceConfig,
  command: ProviderCommand,
  { builder, cause, after }: ProviderStep,
): NodeId | undefined {
  const { name, provider } = service;
  if (provider === undefined) return undefined;
  const operation = { kind: 'run-provider', service: name, provider, command } as const;
  return builder.add({ operation, cause, after });
}

export interface LeavingProviders {
  readonly model: ProjectModel | undefined;
  /** Default: all. */
  readonly services?: readonly string[];
  readonly builder: PlanBuilder;
  readonly cause: Cause;
  /** Steps after which nothing of a service runs. */
  stepsOf(service: string): readonly NodeId[];
}

/** `stop` and `down`: each after those that depend on it, directly or not. Without a model nobody knows of any. */
export function emitLeaving(command: 'stop' | 'down', leaving: LeavingProviders): void {
  const { model, services = [], builder, cause } = leaving;
  if (model === undefined) return;
  const emitted = new Map<string, NodeId>();
  const emit = (name: string): NodeId | undefined => {
    const service = model.services[name];
    const isMeant = service?.provider && (services.length === 0 || services.includes(name));
    if (!service || !isMeant || emitted.has(name)) return emitted.get(name);
    const dependents = sortedKeys(model.services).filter(
      (other) => other !== name && withDependencies(model.services, [other]).has(name),
    );
    const after = dependents.flatMap((other) => [...leaving.stepsOf(other), emit(other) ?? []].flat());
    const node = emitProvider(service, command, { builder, cause, after });
    if (node !== undefined) emitted.set(name, node);
    return node;
  };
  for (const name of sortedKeys(model.services)) emit(name);
}
