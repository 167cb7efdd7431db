// image tag: one more name for an image.

import type { AppContext } from '../context.ts';

/** False: a dry run; that there is such an image has been looked up. */
export async function imageTag(context: AppContext, source: string, target: string): Promise<boolean> {
  const { images } = await context.engine(context.dryRun ? 'read' : 'change');
  if (context.dryRun) await images.inspect(source);
  else await images.tag(source, target);
  return !context.dryRun;
}
