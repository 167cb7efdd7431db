// Which images services need: each once, with the policy of whoever wants it newest. Pure.

import { TcError } from '../../base/error.ts';
import type { PullPolicy } from '../../image/resolve.ts';
import type { ProjectModel } from '../../project/model.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import { resolvePullPolicy, strictestPolicy } from './pull-policy.ts';

export interface WantedImage {
  /** As `image:` says it. */
  readonly reference: string;
  readonly platform?: string;
  readonly policy: PullPolicy;
  /** In the order of the model; the first is the one that errors name. */
  readonly services: readonly string[];
  /** Of that one, where errors are. Default: `image`. */
  readonly attribute?: string;
}

/** `override` goes before the service's own policy. */
export function wantImage(
  service: ServiceConfig,
  project: Pick<ProjectModel, 'name'> | undefined,
  override?: PullPolicy,
): WantedImage {
  const { name, platform } = service;
  const reference = referenceOf(service, project);
  const policy = override ?? resolvePullPolicy(service) ?? 'missing';
  return { reference, policy, services: [name], ...(platform === undefined ? {} : { platform }) };
}

/** What is built has the name of its service, if it has no other. */
function referenceOf(service: ServiceConfig, project: Pick<ProjectModel, 'name'> | undefined): string {
  if (service.image !== undefined) return service.image;
  if (service.build !== undefined && project !== undefined) return `${project.name}-${service.name}`;
  throw new TcError(`service ${service.name} names no image`, {
    code: 'no-such-image',
    hints: ['add `image:` or `build:` to the service'],
  });
}

/** One text for what is one image: a reference on a platform. */
export function imageKey({ reference, platform = '' }: Pick<WantedImage, 'reference' | 'platform'>): string {
  return `${reference} ${platform}`;
}

/** In the order in which they are wanted first. */
export function mergeWanted(wanted: readonly WantedImage[]): WantedImage[] {
  const merged = new Map<string, WantedImage>();
  for (const image of wanted) {
    const known = merged.get(imageKey(image));
    const both = known && {
      ...known,
      services: [...new Set([...known.services, ...image.services])],
      policy: strictestPolicy([known.policy, image.policy]),
    };
    merged.set(imageKey(image), both ?? image);
  }
  return [...merged.values()];
}
