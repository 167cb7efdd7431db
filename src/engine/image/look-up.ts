// The images of several services: each looked up, or got, once; several at a time.

import { availableParallelism } from 'node:os';
import { abortable, settleAll } from '../../base/async.ts';
import type { PullPolicy } from '../../image/resolve.ts';
import type { PlannedImage } from '../../plan/operation.ts';
import type { ProjectModel } from '../../project/model.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import { atService } from '../execute/locate.ts';
import { listOtherImages } from './image-mounts.ts';
import type { ImageRequest, PullFailure, PullOutcome, PullPolicies } from './image-port.ts';
import type { DescribedImage, Images } from './images.ts';
import { mergeWanted, type WantedImage, wantImage } from './wanted-image.ts';

export interface LookUpRequest {
  readonly model: ProjectModel;
  readonly images: Images;
  /** `execute` gets the images ready to run; `plan` gets nothing. */
  readonly purpose: 'plan' | 'execute';
  readonly wish: ImageRequest;
}

export interface FoundImage {
  readonly wanted: WantedImage;
  readonly image: DescribedImage;
}

export interface LookedUp {
  readonly found: readonly FoundImage[];
  readonly failures: readonly PullFailure[];
}

/** Each image is several layers at a time already: more of them do not fill a link faster. */
const imagesAtATime = Math.max(4, availableParallelism());

/** Rejects only if the signal fires. */
export async function lookUpImages(
  wanted: readonly WantedImage[],
  { model, images, purpose, wish }: LookUpRequest,
): Promise<LookedUp> {
  const merged = mergeWanted(wanted);
  const lookUp = (image: WantedImage): Promise<DescribedImage> =>
    atService({ model, service: image.services[0] ?? '', attribute: image.attribute ?? 'image' }, () =>
      purpose === 'execute' ? images.obtain(image, model, wish) : images.describe(image, model),
    );
  // Who asks for an end gets it at once, whatever a registry is waited for.
  const signal = purpose === 'execute' ? wish.signal : undefined;
  const settled = await abortable(settleAll(merged, wish.parallel ?? imagesAtATime, lookUp), signal);
  signal?.throwIfAborted();
  const pairs = merged.map((image, at) => [image, settled[at]] as const);
  return {
    found: pairs.flatMap(([image, each]) =>
      each?.status === 'fulfilled' ? [{ wanted: image, image: each.value }] : [],
    ),
    failures: pairs.flatMap(([{ services }, each]) =>
      each?.status === 'rejected' ? [{ services, error: each.reason as unknown }] : [],
    ),
  };
}

export function planImages(found: Iterable<FoundImage>): PlannedImage[] {
  return [...found].flatMap(({ image, wanted }) =>
    image.pull === undefined
      ? []
      : [{ image: wanted.reference, action: 'pull', why: image.pull, services: wanted.services }],
  );
}

/** The service's own, and those of its mounts and hooks that nobody here builds. */
function wantAll(service: ServiceConfig, model: ProjectModel, policy: PullPolicy): WantedImage[] {
  const others = listOtherImages(service, model).filter(([, { build }]) => build === undefined);
  return [
    wantImage(service, model, policy),
    ...others.map(([attribute, of]) => ({
      ...wantImage(of, model, policy),
      services: [service.name],
      attribute,
    })),
  ];
}

export async function pullImages(request: LookUpRequest, policies: PullPolicies): Promise<PullOutcome> {
  const wanted = Object.entries(policies).flatMap(([name, policy]) => {
    const service = request.model.services[name];
    return service === undefined ? [] : wantAll(service, request.model, policy);
  });
  const begun = new Set<string | undefined>();
  const { on } = request.wish;
  const wish = {
    ...request.wish,
    ...(on && {
      on: (notice: Parameters<typeof on>[0]) => {
        begun.add(notice.image);
        on(notice);
      },
    }),
  };
  const { failures, found } = await lookUpImages(wanted, { ...request, wish });
  if (request.purpose === 'execute') {
    const idle = found.map(({ wanted: { reference } }) => reference).filter((name) => !begun.has(name));
    for (const image of idle) {
      on?.({ type: 'image', image, event: { type: 'skipped', reason: 'it is here already' } });
    }
  }
  return { failures, planned: planImages(found) };
}
