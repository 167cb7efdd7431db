// The verbs that act on containers as they are: start, stop, restart, kill, rm. And scale, which is a small `up`.

import { TcError } from '../base/error.ts';
import type { Nanoseconds, ProjectModel } from '../project/model.ts';
import type { DependencyCondition } from '../project/service-config.ts';
import { findJobs } from './condition.ts';
import { mapDependencies, orderByDependency, reachable } from './dependency-map.ts';
import { isSince } from './instant.ts';
import type { DesiredInputs, ObservedContainer, ObservedState } from './observed-state.ts';
import type { Cause, Operation, Plan } from './operation.ts';
import { PlanBuilder } from './plan-builder.ts';
import { emitLeaving } from './provider.ts';
import { refTo } from './replica-steps.ts';
import { checkKnown, isActive, isWhole, knows } from './selection.ts';
import { Sequence } from './sequence.ts';
import { sortedKeys } from './service-graph.ts';
import { emitStops } from './stop-order.ts';
import { findIdleGenerations } from './succession.ts';
import { planUp } from './up.ts';
import type { UpOptions } from './up-options.ts';

export interface LifecycleOptions {
  /** Default: all services of the project. */
  readonly services?: readonly string[];
  readonly timeout?: Nanoseconds;
}

/** `stop` takes no more than all of them do. */
export type StopOptions = LifecycleOptions;

export interface StartOptions extends LifecycleOptions {
  /** Wait until the services run, are healthy or, if others wait for their end, have completed. */
  readonly wait?: boolean;
  readonly waitTimeout?: Nanoseconds;
  /** UpOptions.since. */
  readonly since?: string;
}

export interface RestartOptions extends LifecycleOptions {
  /** Leave dependents alone that say `restart: true`. */
  readonly noDeps?: boolean;
  /** UpOptions.since. */
  readonly since?: string;
}

export interface KillOptions extends LifecycleOptions {
  /** `SIGKILL`, `HUP`, `9`. */
  readonly signal: string;
  readonly removeOrphans?: boolean;
}

export interface RemoveOptions extends LifecycleOptions {
  /** Stop running ones first; without it they stay. */
  readonly stop?: boolean;
  /** Anonymous volumes go too. */
  readonly volumes?: boolean;
}

export interface ScaleOptions extends Pick<UpOptions, 'separator'> {
  readonly noDeps?: boolean;
  readonly timeout?: Nanoseconds;
  readonly since?: string;
}

export function planScale(
  model: ProjectModel,
  inputs: DesiredInputs,
  state: ObservedState,
  scale: Readonly<Record<string, number>>,
  options: ScaleOptions = {},
): Plan {
  return planUp(model, inputs, state, {
    ...options,
    scale,
    services: sortedKeys(scale),
    ignoreOrphans: true,
  });
}

/** Starts what is stopped, with its dependencies, in their order and under their conditions. */
export function planStart(
  model: ProjectModel | undefined,
  state: ObservedState,
  options: StartOptions = {},
): Plan {
  const asked = chooseContainers(model, state, options);
  requireContainers(asked, options.services);
  const map = mapDependencies(model, state.containers);
  const services = new Set(asked.map((container) => container.service));
  for (const name of [...services]) for (const on of reachable(name, map)) services.add(on);
  const chosen = replicas(model, state).filter((container) => services.has(container.service));
  const idle = findIdleGenerations(state.containers);
  const isDue = (container: ObservedContainer): boolean =>
    !idle.has(container.id) &&
    (container.state === 'created' || container.state === 'exited') &&
    !isSince(container.startedAt, options.since) &&
    !isDoneForGood(container, model, options);
  const sequence = new Sequence(chosen, map, 'start');
  for (const name of orderByDependency(map)) {
    const containers = sequence.containersOf(name);
    const due = containers.filter(isDue);
    const gate = due.length === 0 ? [] : sequence.gate(name, () => true);
    for (const container of due)
      sequence.add(container, { kind: 'start-container', container: refTo(container) }, gate);
  }
  if (options.wait) {
    const jobs = model ? findJobs(model) : new Set<string>();
    sequence.awaitAll(
      (name) => (jobs.has(name) ? 'service_completed_successfully' : livenessOf(sequence.containersOf(name))),
      options.waitTimeout,
    );
  }
  return sequence.builder.finish(state.project);
}

export function planStop(
  model: ProjectModel | undefined,
  state: ObservedState,
  options: StopOptions = {},
): Plan {
  const builder = new PlanBuilder();
  const containersOf = { ...options, services: withoutProviders(model, options.services) };
  const isOnlyProviders = options.services?.length && containersOf.services.length === 0;
  const running = isOnlyProviders ? [] : chooseContainers(model, state, containersOf).filter(isActive);
  const cause = requested('stop');
  const stops = emitStops(running, { model, builder, timeout: options.timeout, cause: () => cause });
  emitLeaving('stop', {
    ...{ model, builder, cause },
    ...(options.services === undefined ? {} : { services: options.services }),
    stepsOf: (service) =>
      running.flatMap(({ id, service: of }) => (of === service ? (stops.get(id) ?? []) : [])),
  });
  return builder.finish(state.project);
}

function withoutProviders(model: ProjectModel | undefined, services: readonly string[] = []): string[] {
  return services.filter((name) => model?.services[name]?.provider === undefined);
}

/** Restarts what runs and starts what does not; with it, unless `noDeps`, dependents that say `restart: true`. */
export function planRestart(
  model: ProjectModel | undefined,
  state: ObservedState,
  options: RestartOptions = {},
): Plan {
  const map = mapDependencies(model, state.containers);
  const services = new Set(chooseContainers(model, state, options).map((container) => container.service));
  const asked = new Set(services);
  const order = orderByDependency(map);
  for (const name of options.noDeps ? [] : order) {
    const follows = Object.entries(map.get(name) ?? {}).some(
      ([on, { restart }]) => restart && services.has(on),
    );
    if (follows) services.add(name);
  }
  const chosen = replicas(model, state).filter(({ service }) => services.has(service));
  const sequence = new Sequence(chosen, map, 'restart');
  const idle = findIdleGenerations(state.containers);
  for (const name of order) {
    const due = sequence
      .containersOf(name)
      .filter((container) => isRestartable(container, asked.has(name) && !idle.has(container.id)))
      .filter((container) => !isSince(container.startedAt, options.since))
      .filter((container) => !isDoneForGood(container, model, options));
    const gate = due.length === 0 ? [] : sequence.gate(name, (dependency) => dependency.restart === true);
    for (const container of due) sequence.add(container, restartOperation(container, options), gate);
  }
  return sequence.builder.finish(state.project);
}

/** No order: a kill is a kill. One-offs are meant too. */
export function planKill(model: ProjectModel | undefined, state: ObservedState, options: KillOptions): Plan {
  const builder = new PlanBuilder();
  if (model) checkKnown(model, options.services ?? []);
  const isKnown = model && !options.removeOrphans ? knows(model) : () => true;
  const { services = [] } = options;
  for (const container of state.containers) {
    const isNamed = services.length === 0 || services.includes(container.service);
    if (!isActive(container) || !isNamed || !isKnown(container.service)) continue;
    const operation = {
      kind: 'kill-container',
      container: refTo(container),
      signal: options.signal,
    } as const;
    builder.add({ operation, cause: requested('kill') });
  }
  return builder.finish(state.project);
}

export function planRemove(
  model: ProjectModel | undefined,
  state: ObservedState,
  options: RemoveOptions = {},
): Plan {
  const builder = new PlanBuilder();
  const chosen = chooseContainers(model, state, options).filter(
    (container) => options.stop || !isActive(container),
  );
  const stops = emitStops(chosen.filter(isActive), {
    model,
    builder,
    timeout: options.timeout,
    cause: () => requested('rm'),
  });
  for (const container of chosen) {
    const stop = stops.get(container.id);
    const operation = {
      kind: 'remove-container',
      container: refTo(container),
      anonymousVolumes: options.volumes ?? false,
    } as const;
    builder.add({ operation, cause: requested('rm'), after: stop === undefined ? [] : [stop] });
  }
  return builder.finish(state.project);
}

/**
 * Containers of the services asked for; without a model, whatever bears the project's label. One-offs are not meant. A
 * service of the files may have none: scripts stop and remove what is not there yet.
 */
export function chooseContainers(
  model: ProjectModel | undefined,
  state: ObservedState,
  options: LifecycleOptions,
): ObservedContainer[] {
  const { services = [] } = options;
  if (model) checkKnown(model, services);
  const all = replicas(model, state);
  if (!model) requireContainers(all, services);
  return services.length === 0 ? all : all.filter((container) => services.includes(container.service));
}

function requireContainers(containers: readonly ObservedContainer[], services: readonly string[] = []): void {
  for (const name of services) {
    if (containers.some((container) => container.service === name)) continue;
    throw new TcError(`service "${name}" has no container`, {
      code: 'no-container',
      hints: [`create it with \`up ${name}\``],
    });
  }
}

/** Whole containers of the project's services, those of inactive profiles included. */
function replicas(model: ProjectModel | undefined, state: ObservedState): ObservedContainer[] {
  const isKnown = model ? knows(model) : () => true;
  return state.containers.filter(
    (container) => !container.oneOff && isKnown(container.service) && isWhole(container),
  );
}

/** A one-shot that has done its work runs again only if it is named. */
function isDoneForGood(
  container: ObservedContainer,
  model: ProjectModel | undefined,
  options: LifecycleOptions,
): boolean {
  if (options.services?.includes(container.service)) return false;
  const isOnce = model?.services[container.service]?.tcompose?.once ?? false;
  return isOnce && container.state === 'exited' && container.exitCode === 0;
}

/** Dependents only follow if they run. */
function isRestartable(container: ObservedContainer, isAsked: boolean): boolean {
  return isActive(container) || (isAsked && container.state !== 'dead');
}

function restartOperation(container: ObservedContainer, options: RestartOptions): Operation {
  if (!isActive(container)) return { kind: 'start-container', container: refTo(container) };
  const grace = options.timeout === undefined ? {} : { timeout: options.timeout };
  return { kind: 'restart-container', container: refTo(container), ...grace };
}

/** Health is awaited where there is a probe to see. */
function livenessOf(containers: readonly ObservedContainer[]): DependencyCondition {
  return containers.some(hasProbe) ? 'service_healthy' : 'service_started';
}

function hasProbe({ health, recorded }: ObservedContainer): boolean {
  const { disable, test } = recorded.healthcheck ?? {};
  return health !== undefined || (test !== undefined && test[0] !== 'NONE' && !disable);
}

function requested(verb: string): Cause {
  return { reason: 'requested', verb };
}
