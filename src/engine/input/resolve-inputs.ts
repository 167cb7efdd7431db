// What a plan depends on beside the model and the world: images, and digests of what the model's files contain.

import { joinErrors, TcError } from '../../base/error.ts';
import type { DesiredInputs, DesiredService } from '../../plan/observed-state.ts';
import { recordService } from '../../plan/recorded.ts';
import type { ProjectModel } from '../../project/model.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import { findUnsupported } from '../../runtime/unsupported.ts';
import { atService } from '../execute/locate.ts';
import type { ImageRequest } from '../image/image-port.ts';
import type { DescribedImage, Images } from '../image/images.ts';
import { type FoundImage, lookUpImages, planImages } from '../image/look-up.ts';
import { wantImage } from '../image/wanted-image.ts';
import { createDigest, type Digest, digestFiles } from './digest.ts';

export interface InputRequest {
  readonly model: ProjectModel;
  /** With what they depend on. None: all. */
  readonly services?: readonly string[];
  readonly images: Images;
  /** The instance's. */
  readonly key: Buffer;
  /** `execute` gets the images ready to run; `plan` writes nothing. */
  readonly purpose: 'plan' | 'execute';
  readonly wish: ImageRequest;
}

export async function resolveInputs(request: InputRequest): Promise<DesiredInputs> {
  const { model, services = [], key } = request;
  const digest = createDigest(key);
  const wanted = services.length === 0 ? Object.values(model.services) : withDependencies(model, services);
  refuseUnsupported(model, wanted);
  const found = await findImages(wanted, request);
  const entries = await Promise.all(
    wanted.map(async (service) => {
      const { image } = found.get(service.name) as FoundImage;
      return [service.name, await describeDesired(service, image, model, digest)] as const;
    }),
  );
  const images = planImages(new Set(found.values()));
  return { services: Object.fromEntries(entries), ...(images.length > 0 && { images }) };
}

/** By service. All that cannot be had is told at once. */
async function findImages(
  services: readonly ServiceConfig[],
  request: InputRequest,
): Promise<ReadonlyMap<string, FoundImage>> {
  const { model, wish } = request;
  const wanted = await Promise.all(
    services.map((service) =>
      atService({ model, service: service.name, attribute: 'image' }, async () =>
        // What is built was built before; no registry need have it.
        wantImage(service, model, service.build === undefined ? wish.pull : 'missing'),
      ),
    ),
  );
  const { failures, found } = await lookUpImages(wanted, request);
  if (failures.length > 0) throw joinErrors(failures.map(({ error }) => error));
  return new Map(found.flatMap((each) => each.wanted.services.map((name) => [name, each] as const)));
}

/** Before anything is looked up: a project that cannot run as it is written changes nothing. */
function refuseUnsupported(model: ProjectModel, services: readonly ServiceConfig[]): void {
  const [first, ...others] = findUnsupported(model, services);
  if (first === undefined) return;
  const { message, code, kind, hints, source, exitCode } = first;
  throw new TcError(message, { code, kind, hints, exitCode, others, ...(source && { source }) });
}

/** A service that is named and not in the model is for the planner to complain about. */
function withDependencies(model: ProjectModel, names: readonly string[]): ServiceConfig[] {
  const found = new Set<ServiceConfig>();
  const visit = (name: string) => {
    const service = model.services[name];
    if (service === undefined || found.has(service)) return;
    found.add(service);
    Object.keys(service.depends_on).forEach(visit);
  };
  names.forEach(visit);
  return [...found];
}

async function describeDesired(
  service: ServiceConfig,
  image: DescribedImage,
  model: ProjectModel,
  digest: Digest,
): Promise<DesiredService> {
  return {
    imageId: image.id,
    files: await atService({ model, service: service.name }, async () => digestFiles(service, model, digest)),
    recorded: recordService(service, digest),
    hasHealthcheck: hasHealthcheck(service, image),
  };
}

function hasHealthcheck({ healthcheck }: ServiceConfig, image: DescribedImage): boolean {
  if (healthcheck?.disable) return false;
  const test = healthcheck?.test ?? image.config.Healthcheck?.Test ?? [];
  return test.length > 0 && test[0] !== 'NONE';
}
