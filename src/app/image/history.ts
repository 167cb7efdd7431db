// image history: the steps that an image was made in, newest first.

import type { ImageDetails } from '../../engine/ports.ts';
import type { AppContext } from '../context.ts';

export interface ImageStep {
  /** Only the last step has one. */
  readonly imageId?: string;
  readonly created?: string;
  readonly createdBy: string;
  readonly comment: string;
  /** Bytes of its layer's files. */
  readonly size: number;
}

export async function imageHistory(
  context: AppContext,
  reference: string,
  platform: string | undefined,
): Promise<readonly ImageStep[]> {
  const { images } = await context.engine('read');
  return listSteps(await images.inspect(reference, platform));
}

/** Steps without a layer take none; layers that the history does not tell of are steps of their own, the newest ones. */
function listSteps({ history, imageId, layers }: ImageDetails): ImageStep[] {
  const rest = [...layers];
  const told = history.map(({ created, createdBy = '', comment = '', emptyLayer }) => ({
    ...(created === undefined ? {} : { created }),
    createdBy,
    comment,
    size: emptyLayer ? 0 : (rest.shift()?.size ?? 0),
  }));
  const untold = rest.map(({ size = 0 }) => ({ createdBy: '', comment: '', size }));
  const [last, ...earlier] = [...told, ...untold].reverse();
  return last === undefined ? [] : [{ imageId, ...last }, ...earlier];
}
