// image push: from the store into a registry.

import { TcError } from '../../base/error.ts';
import type { Pushed } from '../../engine/ports.ts';
import type { AppContext } from '../context.ts';
import { formatShortName, isExact, isInRepository, parseStoredName } from './name.ts';
import { tagWithAll } from './pull.ts';

export interface PushedImage extends Pushed {
  readonly tag?: string;
}

/** Undefined: a dry run; that there is such an image has been looked up. */
export async function imagePush(
  context: AppContext,
  reference: string,
  { quiet, platform }: { readonly quiet: boolean; readonly platform?: string | undefined },
): Promise<PushedImage | undefined> {
  const { images } = await context.engine('read');
  if (context.dryRun) {
    await images.inspect(reference);
    return undefined;
  }
  const pushed = await images.push(reference, {
    signal: context.interrupted,
    ...(platform !== undefined && { platform }),
    ...(!quiet && { on: (event) => context.on({ type: 'image', event }) }),
  });
  const { tag } = parseStoredName(pushed.reference);
  return { ...pushed, ...(tag !== undefined && { tag }) };
}

/** A reference for every tag that is here of the repository. */
export async function listLocalTags(context: AppContext, repository: string): Promise<string[]> {
  if (isExact(repository)) throw tagWithAll(repository);
  const { images } = await context.engine('read');
  const names = (await images.list()).flatMap(({ name }) => name ?? []);
  const found = names.filter(
    (name) => isInRepository(name, repository) && parseStoredName(name).tag !== undefined,
  );
  if (found.length > 0) return [...new Set(found.map(formatShortName))].sort();
  throw new TcError(`there is no image of the repository ${repository}`, {
    code: 'no-such-image',
    hints: ['`tcompose image ls` lists the images that are here; `tcompose image tag` gives them names'],
  });
}
