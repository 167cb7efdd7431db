// Which services are replaced batch by batch, as their `deploy.update_config` says, and in which order two generations of
// a replica follow each other. Pure.

import type { Warning } from '../base/warning.ts';
import type { ProjectModel } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import type { ObservedContainer } from './observed-state.ts';
import type { ServiceDecision } from './replica-decision.ts';
import { containerSources } from './service-graph.ts';
import type { StopClasses } from './stop-first.ts';
import type { UpOptions } from './up-options.ts';
import { resolvePolicy, type UpdatePolicy } from './update-policy.ts';

/** How a service's replicas are replaced. */
export type Roll = UpdatePolicy;

export interface RollScope {
  readonly options: UpOptions;
  /** Services of which others share a container. */
  readonly shared: ReadonlySet<string>;
  /** Services that are to end. */
  readonly jobs: ReadonlySet<string>;
}

/** Services that keep the predecessors of their replicas until all of these hold. */
export function findRolling(services: Iterable<ServiceConfig>, scope: RollScope): Set<string> {
  const { noRecreate, noStart } = scope.options;
  if (noRecreate || noStart) return new Set();
  const rolling = [...services].filter(
    (service) => service.deploy?.update_config !== undefined && whyBound(service, scope) === undefined,
  );
  return new Set(rolling.map(({ name }) => name));
}

/** Why its containers can only be replaced as one, with all that depends on them. */
function whyBound(service: ServiceConfig, { jobs, shared }: Omit<RollScope, 'options'>): string | undefined {
  if (jobs.has(service.name)) return 'it is to end';
  if (shared.has(service.name)) return 'others share its namespaces or volumes';
  const [source] = containerSources(service);
  return source === undefined ? undefined : `it shares namespaces or volumes of ${source}`;
}

export interface RollContext extends RollScope {
  readonly model: ProjectModel;
  readonly rolling: ReadonlySet<string>;
  readonly classes: StopClasses;
  /** Containers with anonymous volumes, which their successors get. */
  readonly keepers: ReadonlySet<string>;
}

export interface Rolls {
  readonly rolls: ReadonlyMap<string, Roll>;
  readonly warnings: readonly Warning[];
}

export function decideRolls(decisions: Iterable<ServiceDecision>, context: RollContext): Rolls {
  const rolls = new Map<string, Roll>();
  const warnings: Warning[] = [];
  for (const { replicas, service } of decisions) {
    const old = replicas.flatMap((replica) => (replica.action === 'recreate' ? [replica.container] : []));
    const config = service.deploy?.update_config;
    if (config === undefined || old.length === 0 || context.options.noStart) continue;
    const why = whyNotRolled(service, context);
    if (why !== undefined) {
      warnings.push(warn(context, service, undefined, `has no effect: ${why}, so all is replaced at once`));
      continue;
    }
    const policy = resolvePolicy(config);
    const apart = policy.order === 'start-first' ? whyApart(service, old, context) : undefined;
    if (apart !== undefined) {
      warnings.push(warn(context, service, 'order', `is stop-first for this update: ${apart}`));
    }
    rolls.set(service.name, apart === undefined ? policy : { ...policy, order: 'stop-first' });
  }
  return { rolls, warnings };
}

function whyNotRolled(service: ServiceConfig, context: RollContext): string | undefined {
  const { classes, rolling } = context;
  if (!rolling.has(service.name)) return whyBound(service, context) ?? 'the old containers are not kept';
  if (classes.first.has(service.name)) return MAKES_ROOM;
  return classes.early.has(service.name)
    ? 'the old containers share namespaces of some that are replaced, too'
    : undefined;
}

const MAKES_ROOM =
  'the old containers have to make room first (a fixed address, a network or volume made anew, a port or name that another service gets)';

/** Why the old and the new container of a replica cannot run side by side. */
export function whyApart(
  service: ServiceConfig,
  old: readonly ObservedContainer[],
  { keepers, options }: Pick<RollContext, 'keepers' | 'options'>,
): string | undefined {
  const { mac_address, network_mode, networks = {} } = service;
  if (network_mode === 'host' || network_mode?.startsWith('container:')) {
    return `with network_mode ${network_mode} both would listen on the same ports`;
  }
  const own = Object.values(networks).find(
    (network) => network?.mac_address !== undefined || (network?.link_local_ips?.length ?? 0) > 0,
  );
  if (mac_address !== undefined || own) return 'a fixed address can be had by one container only';
  const keeps = !options.renewAnonymousVolumes && old.some(({ id }) => keepers.has(id));
  return keeps ? 'the new container takes over the anonymous volumes of the old one' : undefined;
}

function warn(
  { model }: RollContext,
  { name }: ServiceConfig,
  key: string | undefined,
  what: string,
): Warning {
  const path = ['services', name, 'deploy', 'update_config', ...(key === undefined ? [] : [key])];
  const source = model.positions.at(path);
  return {
    code: 'update-config',
    message: `${path.join('.')} ${what}`,
    ...(source === undefined ? {} : { source }),
  };
}
