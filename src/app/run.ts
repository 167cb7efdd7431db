// run: one command in a container of its own, beside the replicas of its service.

import { resolve } from 'node:path';
import { bug } from '../base/error.ts';
import { createId } from '../base/id.ts';
import type { AttachRequest, AttachSession } from '../engine/ports.ts';
import { planRun, runDependencies } from '../plan/run.ts';
import { requireService } from '../plan/selection.ts';
import type { ProjectModel } from '../project/model.ts';
import { type AdaptedService, adaptService, type OneOffChanges } from '../project/one-off.ts';
import { readVariables, type VariableSources } from '../project/one-off-environment.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import { buildForUp } from './build.ts';
import { carryOut, type Outcome } from './carry-out.ts';
import type { AppContext } from './context.ts';
import { discover } from './discovery.ts';
import { formatInstant } from './instant.ts';
import { loadModel } from './project.ts';
import { lookUpInputs, nameSeparator } from './up.ts';

export interface RunRequest {
  readonly service: string;
  readonly name?: string;
  readonly changes: Omit<OneOffChanges, 'environment' | 'directory' | 'home'>;
  readonly variables: VariableSources;
  /** When to pull its image; absent: as the service says. */
  readonly pullPolicy?: string;
  /** Build its image, and those of what it depends on, also if they are here. */
  readonly build: boolean;
  readonly noDeps: boolean;
  readonly removeOrphans: boolean;
  readonly ignoreOrphans: boolean;
  readonly removeOnEnd: boolean;
  readonly useAliases: boolean;
  /** Absent: it runs in the background. */
  readonly attach?: AttachRequest;
}

export interface RunResult {
  readonly outcome: Outcome;
  readonly container: { readonly name: string; readonly id: string };
  readonly session?: AttachSession;
}

export async function run(context: AppContext, request: RunRequest): Promise<RunResult> {
  const loaded = loadModel(context, { services: [request.service] });
  const { model, service } = adapt(context, loaded, request);
  const { noDeps } = request;
  const wish = request.build ? 'always' : 'missing';
  await buildForUp(context, loaded, { services: [request.service], noDeps }, wish);
  const inputs = await lookUpInputs(context, scopeOf(model, service, request));
  const options = {
    ...request,
    service,
    slug: createId(),
    separator: nameSeparator(context),
    since: formatInstant(Date.now()),
    attached: request.attach !== undefined,
  };
  const outcome = await carryOut(context, {
    verb: 'run',
    project: model.name,
    model,
    decide: (state) => planRun(model, inputs, state, options),
    attach: request.attach,
  });
  return { outcome, container: findContainer(outcome), session: outcome.session };
}

/** Once a one-off that goes when it ends has ended: what its monitor could not give back. */
export async function tidyUp(context: AppContext, { outcome, session }: RunResult): Promise<void> {
  await session?.ended;
  const engine = await context.engine('change');
  const { project } = outcome.plan;
  const nothing = { project, nodes: [], warnings: [] };
  await engine.execute({ project, verb: 'run', decide: () => nothing, on: () => undefined });
}

function adapt(context: AppContext, model: ProjectModel, request: RunRequest): AdaptedService {
  const { environment, workingDir } = context.selection;
  const { variables: projectVariables } = discover(context);
  const lookup = (name: string) => environment[name] ?? projectVariables[name];
  const files = request.variables.files.map((file) => resolve(workingDir, file));
  const variables = readVariables({ ...request.variables, files }, lookup, context.reader);
  const adapted = adaptService(model, requireService(model, request.service), {
    ...request.changes,
    environment: variables,
    directory: workingDir,
    home: environment['HOME'],
  });
  if (request.pullPolicy === undefined) return adapted;
  return { ...adapted, service: { ...adapted.service, pull_policy: request.pullPolicy } };
}

/** All that has to be there for this run, and nothing else. */
function scopeOf(model: ProjectModel, service: ServiceConfig, { noDeps }: RunRequest): ProjectModel {
  const names = noDeps ? [] : runDependencies(model, service);
  const dependencies = names.flatMap((name) => model.services[name] ?? []);
  const services = [...dependencies, service].map((entry) => [entry.name, entry] as const);
  return { ...model, services: Object.fromEntries(services) };
}

function findContainer({ created, plan }: Outcome): RunResult['container'] {
  for (const { id, operation } of plan.nodes) {
    if (operation.kind !== 'create-container' || operation.run === undefined) continue;
    return { name: operation.name, id: created?.get(id) ?? '' };
  }
  throw bug('a run without a container');
}
