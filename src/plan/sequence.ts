// Steps on existing containers, service by service in dependency order, each waiting for what its service depends on.

import type { DependencyCondition, DependencyConfig } from '../project/service-config.ts';
import { meets } from './condition.ts';
import type { DependencyMap } from './dependency-map.ts';
import { emitPostStart, emitPreStop } from './hooks.ts';
import type { ObservedContainer } from './observed-state.ts';
import type { NodeId, Operation } from './operation.ts';
import { PlanBuilder } from './plan-builder.ts';

export class Sequence {
  readonly builder = new PlanBuilder();
  readonly #steps = new Map<string, NodeId[]>();
  readonly #containers = new Map<string, ObservedContainer[]>();
  readonly #map: DependencyMap;
  readonly #verb: string;

  constructor(containers: readonly ObservedContainer[], map: DependencyMap, verb: string) {
    for (const container of containers) {
      this.#containers.set(container.service, [...this.containersOf(container.service), container]);
    }
    this.#map = map;
    this.#verb = verb;
  }

  containersOf(service: string): readonly ObservedContainer[] {
    return this.#containers.get(service) ?? [];
  }

  /** A start or restart, with the hooks of the container. */
  add(container: ObservedContainer, operation: Operation, after: readonly NodeId[]): void {
    const step = { builder: this.builder, cause: { reason: 'requested', verb: this.#verb } as const };
    const isRestart = operation.kind === 'restart-container';
    const { last } = isRestart ? emitPreStop(container, after, step) : {};
    const node = this.builder.add({
      operation,
      cause: step.cause,
      after: last === undefined ? after : [last],
    });
    const { id, name, service, recorded } = container;
    const started = emitPostStart({ id, name }, recorded.post_start, node, step);
    this.#steps.set(service, [...(this.#steps.get(service) ?? []), started]);
  }

  /** Steps that a step of `service` waits for; dependencies that `counts` refuses are passed over. */
  gate(
    service: string,
    counts: (dependency: DependencyConfig) => boolean,
    patience: { readonly required?: boolean; readonly timeout?: number } = {},
  ): NodeId[] {
    const dependencies = Object.entries(this.#map.get(service) ?? {}).filter(([, config]) => counts(config));
    return dependencies.flatMap(([on, { condition, required }]) => {
      const steps = this.#steps.get(on) ?? [];
      if (condition === 'service_started') return steps;
      const cause = { reason: 'dependency', of: on } as const;
      return this.#awaitCondition(on, condition, { required, dependent: service, ...patience }, cause);
    });
  }

  /** `--wait`. */
  awaitAll(conditionOf: (service: string) => DependencyCondition, timeout: number | undefined): void {
    for (const service of [...this.#containers.keys()].sort()) {
      const details = { required: true, ...(timeout === undefined ? {} : { timeout }) };
      const cause = { reason: 'requested', verb: '--wait' } as const;
      this.#awaitCondition(service, conditionOf(service), details, cause);
    }
  }

  #awaitCondition(
    service: string,
    condition: DependencyCondition,
    details: { readonly required: boolean; readonly dependent?: string; readonly timeout?: number },
    cause:
      | { readonly reason: 'dependency'; readonly of: string }
      | { readonly reason: 'requested'; readonly verb: string },
  ): NodeId[] {
    const after = this.#steps.get(service) ?? [];
    const containers = this.containersOf(service);
    const isMet = after.length === 0 && containers.every((container) => meets(container, condition));
    if (isMet) return [];
    const operation = {
      kind: 'await-condition',
      service,
      containers: containers.map(({ id, name }) => ({ id, name })),
      condition,
      ...details,
    } as const;
    return [this.builder.add({ operation, cause, after })];
  }
}
