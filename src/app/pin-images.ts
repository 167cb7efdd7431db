// config --resolve-image-digests and --lock-image-digests: what each image's tag stands for in its registry now.

import { type SourcePosition, TcError } from '../base/error.ts';
import { type ImageUse, listImages, lockImages, replaceImages } from '../project/image-digests.ts';
import type { AppContext } from './context.ts';

export interface PinOptions {
  readonly pin: 'resolve' | 'lock';
  readonly sourceOf?: (path: ImageUse['path']) => SourcePosition | undefined;
}

type Plain = Readonly<Record<string, unknown>>;

/** How many registries' answers are awaited at a time. */
const parallel = 8;

export async function pinProject(context: AppContext, project: Plain, options: PinOptions): Promise<Plain> {
  const { registry } = await context.engine('read');
  const queue = listImages(project);
  const pinned = new Map<string, string>();
  const work = async () => {
    for (let use = queue.shift(); use !== undefined; use = queue.shift()) {
      const { path, reference } = use;
      pinned.set(
        reference,
        await registry.pin(reference).catch((error) => fail(error, options.sourceOf?.(path))),
      );
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  const resolved = replaceImages(project, pinned);
  return options.pin === 'resolve' ? resolved : lock(context, resolved);
}

function lock({ on }: AppContext, resolved: Plain): Plain {
  const { project, unpinned } = lockImages(resolved);
  for (const service of unpinned) {
    const message = `the images of the pre_start hooks of service \`${service}\` are not pinned by an override`;
    const hint = 'the whole output of --resolve-image-digests pins them';
    on({ type: 'warning', warning: { code: 'hook-unpinned', message, hint } });
  }
  return project;
}

/** The same error, at the place that names the image. */
function fail(error: unknown, source: SourcePosition | undefined): never {
  if (!(error instanceof TcError) || source === undefined) throw error;
  const { code, hints, kind, message } = error;
  throw new TcError(message, { code, hints, kind, source, cause: error });
}
