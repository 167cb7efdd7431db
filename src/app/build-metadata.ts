// `build --metadata-file`: what was built, as `docker buildx bake` writes it.

import { writeFile } from 'node:fs/promises';
import type { NamedImage } from '../engine/ports.ts';

/** `file`: absolute. By services; digests are those of the store. */
export async function writeMetadata(file: string, built: ReadonlyMap<string, NamedImage>): Promise<void> {
  const members = [...built].map(([service, image]) => [service, describe(image)]);
  await writeFile(file, `${JSON.stringify(Object.fromEntries(members), undefined, 2)}\n`);
}

/** The config of an image for several platforms is none that a digest could be told of. */
function describe({ descriptor, entries, imageId, names }: NamedImage): object {
  return {
    ...(entries.length === 1 && { 'containerimage.config.digest': imageId }),
    'containerimage.descriptor': descriptor,
    'containerimage.digest': descriptor.digest,
    'image.name': names.join(','),
  };
}
