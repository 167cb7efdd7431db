// What a plan depends on beside the model and the world: images, and digests of what the model's files contain.

import { TcError } from '../../base/error.ts';
import type { DesiredInputs, DesiredService } from '../../plan/observed-state.ts';
import { recordService } from '../../plan/recorded.ts';
import type { ProjectModel } from '../../project/model.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import { findUnsupported } from '../../runtime/unsupported.ts';
import { locateExternal } from '../container/file-objects.ts';
import { atService } from '../execute/locate.ts';
import { listImageMounts } from '../image/image-mounts.ts';
import type { DescribedImage, Images } from '../image/images.ts';
import { createDigest, type Digest, digestFiles } from './digest.ts';

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
}

export async function resolveInputs(request: InputRequest): Promise<DesiredInputs> {
  const { model, services = [], key } = request;
  const digest = createDigest(key);
  const wanted = services.length === 0 ? Object.values(model.services) : withDependencies(model, services);
  refuseUnsupported(model, wanted);
  const entries = await Promise.all(
    // What a provider stands for has no image.
    wanted
      .filter(({ provider }) => provider === undefined)
      .map(async (service) => [service.name, await describeDesired(service, request, digest)] as const),
  );
  return { services: Object.fromEntries(entries) };
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
  { model, images, purpose, root }: InputRequest,
  digest: Digest,
): Promise<DesiredService> {
  const place = { model, service: service.name };
  const look = async (of: ServiceConfig): Promise<DescribedImage> =>
    purpose === 'execute' ? images.resolve(of, model) : images.describe(of, model);
  const image = await atService({ ...place, attribute: 'image' }, () => look(service));
  const mounted = await atService({ ...place, attribute: 'volumes' }, () =>
    Promise.all(
      listImageMounts(service, model).map(async ([source, of]) => [source, (await look(of)).id] as const),
    ),
  );
  return {
    imageId: image.id,
    files: await atService(place, async () => digestFiles(service, locateExternal({ root }, model), digest)),
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
