// push: what the project builds, sent to the registries that the images are named after.

import { availableParallelism } from 'node:os';
import { abortable, settleAll } from '../base/async.ts';
import { changeError, TcError } from '../base/error.ts';
import type { Engine, PullFailure } from '../engine/ports.ts';
import type { PlannedImage } from '../plan/operation.ts';
import type { ProjectModel } from '../project/model.ts';
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

export interface PushRequest extends ServiceChoice {
  readonly ignoreFailures: boolean;
  readonly quiet: boolean;
}

export async function push(context: AppContext, request: PushRequest): Promise<Outcome> {
  const { model, services } = findMeantServices(context, request);
  const images = listPushed(services);
  if (context.dryRun) return { plan: planOfImages(model.name, images), isDryRun: true };
  if (!request.quiet) {
    for (const service of services) if (!isPushed(service)) skip(context, service, whyNot(service));
  }
  const engine = await context.engine('change');
  const atATime = context.parallel ?? Math.max(4, availableParallelism());
  const pushing = settleAll(images, atATime, (image) => pushOne(context, engine, image, request));
  const settled = await abortable(pushing, context.interrupted);
  const failures = images.flatMap(({ services: users }, at): PullFailure[] => {
    const each = settled[at];
    return each?.status === 'rejected'
      ? [{ services: users, error: locate(each.reason, model, users[0] ?? '') }]
      : [];
  });
  settleFailures(context, failures, { ignore: request.ignoreFailures, code: 'push-failed' });
  return { plan: planOfImages(model.name, []), isDryRun: false };
}

/** Only what the project builds is its own to push (docker compose, pkg/compose/push.go). */
function isPushed({ build, image }: ServiceConfig): boolean {
  return build !== undefined && image !== undefined;
}

function whyNot({ image }: ServiceConfig): string {
  return image === undefined ? 'it names no image' : 'the project does not build it';
}

/** Each name once: `image`, and the further tags of the build. */
export function listPushed(services: readonly ServiceConfig[]): PlannedImage[] {
  const users = new Map<string, string[]>();
  for (const service of services.filter(isPushed)) {
    for (const name of [service.image as string, ...(service.build?.tags ?? [])]) {
      users.set(name, [...(users.get(name) ?? []), service.name]);
    }
  }
  return [...users].map(([image, names]) => ({ image, action: 'push', why: 'requested', services: names }));
}

/** What a build has made, one after the other; fails with the first that cannot be sent. */
export async function pushBuilt(
  context: AppContext,
  engine: Engine,
  services: readonly ServiceConfig[],
  options: { readonly quiet: boolean },
): Promise<void> {
  for (const image of listPushed(services)) await pushOne(context, engine, image, options);
}

async function pushOne(
  context: AppContext,
  engine: Engine,
  { image }: PlannedImage,
  { quiet }: { readonly quiet: boolean },
): Promise<void> {
  try {
    await engine.images.push(image, {
      signal: context.interrupted,
      ...(!quiet && { on: (event) => context.on({ type: 'image', image, event }) }),
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (!quiet) context.on({ type: 'image', image, event: { type: 'failed', reason } });
    throw error;
  }
}

function locate(error: unknown, { positions }: ProjectModel, service: string): unknown {
  const source = positions.at(['services', service, 'image']);
  return error instanceof TcError && source ? changeError(error, { source }) : error;
}
