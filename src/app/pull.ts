// pull: the images of services, got from their registries.

import type { ServiceConfig } from '../project/service-config.ts';
import type { Outcome } from './carry-out.ts';
import type { AppContext } from './context.ts';
import {
  findMeantServices,
  planOfImages,
  type ServiceChoice,
  settleFailures,
  skip,
} from './service-images.ts';

export interface PullRequest extends ServiceChoice {
  /** Leaves out what can be built. */
  readonly ignoreBuildable: boolean;
  readonly ignoreFailures: boolean;
  /** Goes before the services' own. */
  readonly policy?: 'always' | 'missing';
  readonly quiet: boolean;
  /** Images at a time. */
  readonly parallel?: number;
}

export async function pull(context: AppContext, request: PullRequest): Promise<Outcome> {
  const { ignoreFailures, quiet, parallel } = request;
  const { model, services } = findMeantServices(context, request);
  const decisions = services.map((service) => [service, decidePull(service, request)] as const);
  for (const [service, decision] of decisions) {
    if ('skip' in decision && !quiet && !context.dryRun) skip(context, service, decision.skip);
  }
  const policies = Object.fromEntries(
    decisions.flatMap(([{ name }, decision]) => ('policy' in decision ? [[name, decision.policy]] : [])),
  );
  const engine = await context.engine(context.dryRun ? 'read' : 'change');
  if (context.dryRun) {
    const { failures, planned } = await engine.pullImages(model, policies, 'plan');
    settleFailures(context, failures, { ignore: ignoreFailures, code: 'pull-failed' });
    return { plan: planOfImages(model.name, planned), isDryRun: true };
  }
  const { failures } = await engine.pullImages(model, policies, 'execute', {
    ...(!quiet && { on: context.on }),
    ...(parallel !== undefined && { parallel }),
    signal: context.interrupted,
  });
  settleFailures(context, failures, { ignore: ignoreFailures, code: 'pull-failed' });
  return { plan: planOfImages(model.name, []), isDryRun: false };
}

type Decision = { readonly policy: 'always' | 'missing' } | { readonly skip: string };

/** As Docker Compose decides (pkg/compose/pull.go): whoever asks to pull wants it newest, unless the policy says no. */
export function decidePull(
  service: Pick<ServiceConfig, 'build' | 'image' | 'pull_policy'>,
  { ignoreBuildable, policy: asked }: Pick<PullRequest, 'ignoreBuildable' | 'policy'>,
): Decision {
  const policy = asked ?? service.pull_policy;
  if (service.image === undefined) return { skip: 'it names no image to be pulled' };
  if (policy === 'never' || policy === 'build') return { skip: `its pull_policy is ${policy}` };
  if (service.build !== undefined && ignoreBuildable) return { skip: 'it can be built' };
  return { policy: policy === 'missing' || policy === 'if_not_present' ? 'missing' : 'always' };
}
