// image search: repositories by a word.

import type { FoundRepository } from '../../engine/ports.ts';
import type { AppContext } from '../context.ts';

export interface ImageSearchOptions {
  readonly limit: number;
  readonly isOfficial?: boolean;
  /** At least. */
  readonly stars?: number;
}

export async function imageSearch(
  context: AppContext,
  text: string,
  { isOfficial, limit, stars = 0 }: ImageSearchOptions,
): Promise<readonly FoundRepository[]> {
  const { registry } = await context.engine('read');
  const found = await registry.search(text, { limit, signal: context.interrupted });
  return found.filter(
    (each) => each.stars >= stars && (isOfficial === undefined || each.isOfficial === isOfficial),
  );
}
