// Mounts of type `image`: their source is an image, or another service's name, which means the image of that one. Pure.

import type { ProjectModel } from '../../project/model.ts';
import type { ServiceConfig } from '../../project/service-config.ts';

/** Images that a service needs beside its own, each with the attribute that names it: of mounts and of hooks. */
export function listOtherImages(
  service: ServiceConfig,
  model: Pick<ProjectModel, 'services' | 'disabledServices'> | undefined,
): (readonly [attribute: string, of: ServiceConfig])[] {
  const hooks = (service.pre_start ?? []).flatMap(({ image }) => {
    const { build: _, ...rest } = service;
    return image ? [['pre_start', { ...rest, image }] as const] : [];
  });
  return [...listImageMounts(service, model).map(([, of]) => ['volumes', of] as const), ...hooks];
}

/** Each source with a service that has the image it means. */
export function listImageMounts(
  service: ServiceConfig,
  model: Pick<ProjectModel, 'services' | 'disabledServices'> | undefined,
): (readonly [string, ServiceConfig])[] {
  const sources = service.volumes.flatMap(({ type, source }) => (type === 'image' && source ? [source] : []));
  return [...new Set(sources)].map((source) => {
    const named = model?.services[source] ?? model?.disabledServices[source];
    const { build: _, pull_policy: __, ...rest } = service;
    return [source, named ?? { ...rest, image: source }];
  });
}
