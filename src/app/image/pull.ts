// image pull: from a registry into the store.

import { TcError } from '../../base/error.ts';
import type { ImageEvent } from '../../engine/ports.ts';
import type { AppContext } from '../context.ts';
import { formatShortName, isExact } from './name.ts';

export interface ImagePullOptions {
  readonly platform?: string;
  /** Nothing is told while it runs. */
  readonly quiet: boolean;
}

export interface PulledImage {
  /** Fully written out. */
  readonly name: string;
  /** As users read it. */
  readonly shortName: string;
  readonly digest: string;
  /** False: it was here, and nothing has changed. */
  readonly isNew: boolean;
}

/** Undefined: a dry run. */
export async function imagePull(
  context: AppContext,
  reference: string,
  { platform, quiet }: ImagePullOptions,
): Promise<PulledImage | undefined> {
  const { images } = await context.engine(context.dryRun ? 'read' : 'change');
  if (context.dryRun) return undefined;
  let isNew = true;
  const on = (event: ImageEvent) => {
    if (event.type === 'done') ({ isNew } = event);
    if (!quiet) context.on({ type: 'image', event });
  };
  const entry = await images.pull(reference, {
    on,
    signal: context.interrupted,
    ...(platform !== undefined && { platform }),
  });
  const { name = reference, sourceDigest: digest } = entry;
  return { name, shortName: formatShortName(name), digest, isNew };
}

/** A reference for every tag that the registry has of the repository. */
export async function listRemoteTags(context: AppContext, repository: string): Promise<string[]> {
  if (isExact(repository)) throw tagWithAll(repository);
  const { registry } = await context.engine('read');
  const tags = await registry.tags(repository, context.interrupted);
  return tags.toSorted().map((tag) => `${repository}:${tag}`);
}

export function tagWithAll(reference: string): TcError {
  return new TcError(`${reference} names one image, and --all-tags is for all of a repository`, {
    code: 'usage',
    exitCode: 2,
    hints: ['leave the tag out, or the flag'],
  });
}
