// image import: the tar of a root file system as an image.

import { TcError } from '../../base/error.ts';
import type { ByteSource, ImageEntry, ImportOptions } from '../../engine/ports.ts';
import type { AppContext } from '../context.ts';

/** Undefined: a dry run. */
export async function imageImport(
  context: AppContext,
  source: ByteSource,
  options: ImportOptions,
): Promise<ImageEntry | undefined> {
  if (typeof source === 'string' && /^https?:\/\//.test(source)) throw isUrl(source, options.reference);
  const { images } = await context.engine(context.dryRun ? 'read' : 'change');
  return context.dryRun ? undefined : images.import(source, options);
}

function isUrl(url: string, reference = ''): TcError {
  return new TcError(`${url}: nothing is fetched for an import`, {
    code: 'import-url',
    hints: [
      `fetch it, and check what came: curl -fL ${url} | tcompose image import - ${reference}`.trimEnd(),
    ],
  });
}
