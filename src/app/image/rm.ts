// image rm: names go, and images that have no other.

import { TcError } from '../../base/error.ts';
import type { Removed } from '../../engine/ports.ts';
import type { AppContext } from '../context.ts';
import { eachOf, type Results } from './each.ts';
import { formatShortName } from './name.ts';

export interface ImageRmOptions {
  /** All names of an id; also if a stopped container uses the image; what is not there is no error. */
  readonly force: boolean;
  /** Of a name with images for several platforms, only this one. */
  readonly platform?: string | undefined;
  /** Content that nothing needs any more stays until the next removal. */
  readonly keepContent: boolean;
}

export interface RemovedNames {
  /** As users read them. */
  readonly untagged: readonly string[];
  /** Ids. */
  readonly deleted: readonly string[];
  /** Bytes. */
  readonly reclaimed: number;
  readonly isDryRun: boolean;
}

export async function imageRm(
  context: AppContext,
  references: readonly string[],
  options: ImageRmOptions,
): Promise<Results<RemovedNames>> {
  const { images } = await context.engine(context.dryRun ? 'read' : 'change');
  const { dryRun } = context;
  const { platform, ...rest } = options;
  const wish = { ...rest, dryRun, ...(platform !== undefined && { platform }) };
  return eachOf(references, async (reference) => {
    try {
      return toNames(await images.remove(reference, wish), dryRun);
    } catch (error) {
      if (!options.force || !(error instanceof TcError) || error.code !== 'no-such-image') throw error;
      context.on({ type: 'warning', warning: { code: error.code, message: error.message } });
      return toNames({ untagged: [], deleted: [], reclaimed: 0 }, dryRun);
    }
  });
}

export function toNames({ untagged, deleted, reclaimed }: Removed, isDryRun: boolean): RemovedNames {
  return { untagged: untagged.map(formatShortName), deleted, reclaimed, isDryRun };
}
