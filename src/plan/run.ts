// `run`: a container of its own for one command, beside the replicas of its service, which stay as they are. What the
// service depends on is brought up before.

import type { ProjectModel } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import type { DesiredInputs, ObservedState } from './observed-state.ts';
import type { OneOff } from './one-off-steps.ts';
import type { Plan } from './operation.ts';
import { PlanBuilder } from './plan-builder.ts';
import { withDependencies } from './service-graph.ts';
import { emitUp, withImages } from './up.ts';
import { decideUp } from './up-decision.ts';
import type { UpOptions } from './up-options.ts';

export interface RunOptions
  extends Pick<UpOptions, 'ignoreOrphans' | 'noDeps' | 'removeOrphans' | 'separator' | 'since' | 'timeout'> {
  /** The service as this run wants it. */
  readonly service: ServiceConfig;
  /** Default: made of the project's, the service's and the slug. */
  readonly name?: string;
  /** 64 hex digits. */
  readonly slug: string;
  readonly removeOnEnd?: boolean;
  readonly useAliases?: boolean;
  readonly attached?: boolean;
}

/** Fails with TcError, and so before any step, if what the one-off needs cannot be had. */
export function planRun(
  model: ProjectModel,
  inputs: DesiredInputs,
  state: ObservedState,
  options: RunOptions,
): Plan {
  const {
    name,
    service,
    slug,
    removeOnEnd = false,
    useAliases = false,
    attached = false,
    ...upOptions
  } = options;
  const selected = new Set(options.noDeps ? [] : runDependencies(model, service));
  const selection = { named: selected, selected };
  const decisions = decideUp(model, inputs, state, upOptions, { selection, oneOff: service });
  const builder = new PlanBuilder();
  for (const warning of decisions.warnings) builder.warn(warning);
  const oneOff: OneOff = {
    service,
    name: name ?? oneOffName(model, service, options),
    run: { slug, removeOnEnd, useAliases },
    attached,
  };
  emitUp(decisions, state, builder, oneOff);
  const isMeant = (name: string) => name === service.name || decisions.decided.has(name);
  return withImages(builder.finish(model.name), inputs, isMeant);
}

/** The services that are brought up for a one-off, its own never among them. */
export function runDependencies(model: ProjectModel, service: ServiceConfig): string[] {
  const services = { ...model.services, [service.name]: service };
  return [...withDependencies(services, [service.name])].filter((name) => name !== service.name);
}

function oneOffName(
  model: ProjectModel,
  { name }: ServiceConfig,
  { separator = '-', slug }: RunOptions,
): string {
  return [model.name, name, 'run', slug.slice(0, 12)].join(separator);
}
