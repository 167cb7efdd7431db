// image ls: the images of this instance.

import type { Engine, ImageSummary } from '../../engine/ports.ts';
import type { AppContext } from '../context.ts';
import { parseInstant } from '../instant.ts';
import { filterImages, type ImageFilter } from './filter.ts';
import { formatShortName, parseStoredName } from './name.ts';

export interface ImageLsOptions extends Omit<ImageFilter, 'before' | 'since'> {
  /** Made before: an instant, or how long ago. */
  readonly until?: string;
  /** Images: made before, and after, each of them. */
  readonly before?: readonly string[];
  readonly since?: readonly string[];
  /** Names by digest too where the repository has a tag for the same image. */
  readonly digests?: boolean;
}

export interface ImageLine {
  readonly id: string;
  /** `mysql`; absent if the image has no name. */
  readonly repository?: string;
  readonly tag?: string;
  readonly digest: string;
  /** RFC 3339. */
  readonly created?: string;
  readonly size: number;
}

export async function imageLs(context: AppContext, options: ImageLsOptions): Promise<readonly ImageLine[]> {
  const { images } = await context.engine('read');
  const until = parseInstant('filter', options.until, Date.now());
  const times = await readTimes(images, options.before);
  const before = until === undefined ? times : [...(times ?? []), Date.parse(until)];
  const since = await readTimes(images, options.since);
  const found = filterImages(await images.list(), {
    ...options,
    before: before && Math.min(...before),
    since: since && Math.max(...since),
  });
  const lines = found.filter(({ isMinor }) => !isMinor).map(toLine);
  return options.digests ? lines : lines.filter((line) => !isNamedByTagToo(line, lines));
}

/** Of every image that has one, as users write them; none where the store cannot be read: for completion. */
export async function imageNames(context: AppContext): Promise<readonly string[]> {
  try {
    const { images } = await context.engine('read');
    const names = (await images.list()).flatMap(({ name }) => name ?? []);
    return [...new Set(names.map(formatShortName))].sort();
  } catch {
    return [];
  }
}

async function readTimes(
  images: Engine['images'],
  references: readonly string[] = [],
): Promise<readonly number[] | undefined> {
  if (references.length === 0) return undefined;
  const details = await Promise.all(references.map((reference) => images.inspect(reference)));
  return details.map(({ created }) => Date.parse(created ?? ''));
}

function toLine({ created, imageId, name, size, sourceDigest }: ImageSummary): ImageLine {
  const parsed = name === undefined ? undefined : parseStoredName(name);
  return {
    id: imageId,
    ...(parsed && { repository: parsed.repository }),
    ...(parsed?.tag !== undefined && { tag: parsed.tag }),
    digest: sourceDigest,
    ...(created !== undefined && { created }),
    size,
  };
}

function isNamedByTagToo(line: ImageLine, lines: readonly ImageLine[]): boolean {
  if (line.repository === undefined || line.tag !== undefined) return false;
  return lines.some(
    (other) => other.id === line.id && other.repository === line.repository && other.tag !== undefined,
  );
}
