// `pre_start`: containers of their own that run to their end after a service's containers were created and before the
// first of them starts; once per service, or once per replica. They have the image, environment, networks and mounts of
// the container that they prepare. One that fails stays, so that its output can be read; the next `up` or `down` takes it.

import type { HookConfig, ServiceConfig } from '../project/service-config.ts';
import type { ObservedContainer } from './observed-state.ts';
import type { Cause, ContainerRef, NodeId, OperationOf } from './operation.ts';
import type { PlanBuilder } from './plan-builder.ts';

/** Marks the containers of hooks. */
const HOOK_LABEL = 'com.tcompose.hook';

export function isHookContainer({ labels }: ObservedContainer): boolean {
  return labels[HOOK_LABEL] !== undefined;
}

export interface PreStartStep {
  readonly builder: PlanBuilder;
  readonly cause: Cause;
  /** The container that is prepared, as it was created or is about to be started. */
  readonly container: ContainerRef;
  readonly number: number;
  /** What the first hook waits for. */
  readonly after: readonly NodeId[];
  /** What a container of the service is created with. */
  create(service: ServiceConfig, name: string): OperationOf<'create-container'>;
}

/** Runs those hooks one after the other; the end of the last, which the start of the container waits for, if there are any. */
export function emitPreStart(service: ServiceConfig, perReplica: boolean, step: PreStartStep): NodeId[] {
  let last: NodeId[] = [];
  for (const [index, hook] of (service.pre_start ?? []).entries()) {
    if ((hook.per_replica ?? false) !== perReplica) continue;
    last = [emitHook(service, hook, index, { ...step, after: [...step.after, ...last] })];
  }
  return last;
}

function emitHook(service: ServiceConfig, hook: HookConfig, index: number, step: PreStartStep): NodeId {
  const { builder, cause, container, after } = step;
  const name = `${container.name}-pre_start-${index + 1}`;
  const operation = {
    ...step.create(describeHookService(service, hook), name),
    oneOff: true,
    prepares: container,
  };
  const created = builder.add({ operation, cause, after });
  const ref = { node: created, name };
  const started = builder.add({
    operation: { kind: 'start-container', container: ref },
    cause,
    after: [created],
  });
  const awaited = builder.add({
    operation: {
      kind: 'await-condition',
      service: service.name,
      containers: [ref],
      condition: 'service_completed_successfully',
      required: true,
    },
    cause,
    after: [started],
  });
  return builder.add({
    operation: { kind: 'remove-container', container: ref, anonymousVolumes: false },
    cause,
    after: [awaited],
  });
}

/** Its names, addresses and ports are the service's own; what it prepares is not its to watch or restart. */
function describeHookService(service: ServiceConfig, hook: HookConfig): ServiceConfig {
  const {
    container_name: _name,
    hostname: _hostname,
    mac_address: _mac,
    pre_start: _preStart,
    post_start: _postStart,
    pre_stop: _preStop,
    healthcheck: _healthcheck,
    user,
    working_dir,
    privileged,
    image,
    deploy: { restart_policy: _policy, ...deploy } = {},
    ...rest
  } = service;
  const chosen = {
    image: hook.image ?? image,
    user: hook.user ?? user,
    working_dir: hook.working_dir ?? working_dir,
    privileged: hook.privileged ?? privileged,
  };
  return {
    ...rest,
    ...Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined)),
    command: hook.command?.length ? hook.command : null,
    entrypoint: hook.command?.length ? [] : null,
    environment: { ...service.environment, ...hook.environment },
    labels: { ...service.labels, [HOOK_LABEL]: 'pre_start' },
    healthcheck: { disable: true },
    restart: 'no',
    ports: [],
    deploy,
    ...(service.networks && { networks: mapNetworks(service.networks) }),
  };
}

/** Joined without what only one container can have. */
function mapNetworks(networks: NonNullable<ServiceConfig['networks']>): ServiceConfig['networks'] {
  return Object.fromEntries(
    Object.entries(networks).map(([key, config]) => {
      const { aliases: _a, ipv4_address: _4, ipv6_address: _6, mac_address: _m, ...rest } = config ?? {};
      return [key, config === null ? null : rest];
    }),
  );
}
