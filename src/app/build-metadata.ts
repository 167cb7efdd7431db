// `build --metadata-file`: what was built, as `docker buildx bake` writes it.

import { writeFile } from 'node:fs/promises';
import type { NamedImage } from '../engine/ports.ts';
import type { ProjectModel } from '../project/model.ts';
import type { BuildConfig, ServiceConfig } from '../project/service-config.ts';
import { imageNameOf } from './build-request.ts';

type Buildable = ServiceConfig & { readonly build: BuildConfig };

/** `file`: absolute. By services; digests are those of the store. */
export async function writeMetadata(
  file: string,
  services: readonly Buildable[],
  model: ProjectModel,
  built: ReadonlyMap<string, NamedImage>,
): Promise<void> {
  const members = services.flatMap((service) => {
    const image = built.get(service.name);
    const names = [imageNameOf(service, model), ...(service.build.tags ?? [])];
    return image === undefined ? [] : [[service.name, describe(image, names)]];
  });
  await writeFile(file, `${JSON.stringify(Object.fromEntries(members), undefined, 2)}\n`);
}

/** The config of an image for several platforms is none that a digest could be told of. */
function describe({ descriptor, entries, imageId }: NamedImage, names: readonly string[]): object {
  return {
    ...(entries.length === 1 && { 'containerimage.config.digest': imageId }),
    'containerimage.descriptor': descriptor,
    'containerimage.digest': descriptor.digest,
    'image.name': names.join(','),
  };
}
