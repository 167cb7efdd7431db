// image inspect: all that is known of images.

import type { ImageDetails } from '../../engine/ports.ts';
import type { AppContext } from '../context.ts';
import { eachOf, type Results } from './each.ts';
import { formatShortName } from './name.ts';

/** With names as users read them. `platform`: of an image that is here for several. */
export async function imageInspect(
  context: AppContext,
  references: readonly string[],
  platform: string | undefined,
): Promise<Results<ImageDetails>> {
  const { images } = await context.engine('read');
  return eachOf(references, async (reference) => {
    const details = await images.inspect(reference, platform);
    const { names, repoDigests } = details;
    return {
      ...details,
      names: names.map(formatShortName),
      repoDigests: repoDigests.map(formatShortName),
    };
  });
}
