// What a plan depends on beside the model and the world: images, and digests of what the model's files contain.

import { joinErrors, TcError } from '../../base/error.ts';
import type { DesiredInputs, DesiredService } from '../../plan/observed-state.ts';
import { recordService } from '../../plan/recorded.ts';
import type { ProjectModel } from '../../project/model.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import { findUnsupported } from '../../runtime/unsupported.ts';
import { locateExternal } from '../container/file-objects.ts';
import { atService } from '../execute/locate.ts';
import { listImageMounts, listOtherImages } from '../image/image-mounts.ts';
import type { ImageRequest } from '../image/image-port.ts';
import type { DescribedImage, Images } from '../image/images.ts';
import { type FoundImage, lookUpImages, planImages } from '../image/look-up.ts';
import { imageKey, type WantedImage, wantImage } from '../image/wanted-image.ts';
import { createDigest, type Digest, digestFiles } from './digest.ts';
import { findRuntime } from './find-runtime.ts';

export interface InputRequest {
  readonly model: ProjectModel;
  /** With what they depend on. None: all. */
  readonly services?: readonly string[];
  readonly images: Images;
  /** The instance's. */
  readonly key: Buffer;
  /** The data root. */
  readonly root: string;
  /** `execute` gets the images ready to run; `plan` writes nothing. */
  readonly purpose: 'plan' | 'execute';
  readonly wish: ImageRequest;
}

export async function resolveInputs(request: InputRequest): Promise<DesiredInputs> {
  const { model, services = [], key } = request;
  const digest = createDigest(key);
  const wanted = services.length === 0 ? Object.values(model.services) : withDependencies(model, services);
  refuseUnsupported(model, wanted);
  // What a provider stands for has no image.
  const runnable = wanted.filter(({ provider }) => provider === undefined);
  for (const service of runnable) {
    await atService({ model, service: service.name }, async () => findRuntime(service));
  }
  const found = await findImages(runnable, request);
  const entries = await Promise.all(
    runnable.map(
      async (service) => [service.name, await describeDesired(service, found, request, digest)] as const,
    ),
  );
  const images = planImages(found.values());
  return { services: Object.fromEntries(entries), ...(images.length > 0 && { images }) };
}

/** By `imageKey`. */
type FoundImages = ReadonlyMap<string, FoundImage>;

/** All that cannot be had is told at once. */
async function findImages(services: readonly ServiceConfig[], request: InputRequest): Promise<FoundImages> {
  const wanted = await Promise.all(services.flatMap((service) => wantImages(service, request)));
  const { failures, found } = await lookUpImages(wanted, request);
  if (failures.length > 0) throw joinErrors(failures.map(({ error }) => error));
  return new Map(found.map((each) => [imageKey(each.wanted), each]));
}

/** The service's own, those that it mounts, and those that its hooks have. */
function wantImages(service: ServiceConfig, { model, wish }: InputRequest): Promise<WantedImage>[] {
  const want = (attribute: string, of: ServiceConfig) =>
    atService({ model, service: service.name, attribute }, async () => ({
      // What is built was built before; no registry need have it.
      ...wantImage(of, model, of.build === undefined ? wish.pull : 'missing'),
      services: [service.name],
      attribute,
    }));
  return [want('image', service), ...listOtherImages(service, model).map(([name, of]) => want(name, of))];
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
  found: FoundImages,
  { model, root }: InputRequest,
  digest: Digest,
): Promise<DesiredService> {
  const imageOf = (of: ServiceConfig) => (found.get(imageKey(wantImage(of, model))) as FoundImage).image;
  const image = imageOf(service);
  const mounted = listImageMounts(service, model).map(([source, of]) => [source, imageOf(of).id] as const);
  const objects = { ...locateExternal({ root }, model), workingDir: model.workingDir };
  return {
    imageId: image.id,
    files: await atService({ model, service: service.name }, async () =>
      digestFiles(service, objects, digest),
    ),
    ...(mounted.length === 0 ? {} : { images: Object.fromEntries(mounted) }),
    recorded: recordService(service, digest),
    hasHealthcheck: hasHealthcheck(service, image),
  };
}

function hasHealthcheck({ healthcheck }: ServiceConfig, image: DescribedImage): boolean {
  if (healthcheck?.disable) return false;
  const test = healthcheck?.test ?? image.config.Healthcheck?.Test ?? [];
  return test.length > 0 && test[0] !== 'NONE';
}
