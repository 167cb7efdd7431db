// Which images `--filter` and a name leave over. Pure.

import type { ImageSummary } from '../../engine/ports.ts';
import { formatShortName, parseStoredName } from './name.ts';

export interface ImageFilter {
  /** True: only images without a name; false: only those with one. */
  readonly dangling?: boolean;
  /** `KEY` or `KEY=VALUE`. */
  readonly labels?: readonly string[];
  /** Patterns of names, `*` and `?` within a component: one of them has to fit. */
  readonly references?: readonly string[];
  /** Made before and after these instants, in milliseconds since the epoch. */
  readonly before?: number;
  readonly since?: number;
}

export function filterImages(images: readonly ImageSummary[], filter: ImageFilter): ImageSummary[] {
  const patterns = filter.references?.map(parsePattern);
  return images.filter((image) => {
    const created = Date.parse(image.created ?? '');
    return (
      (filter.dangling === undefined || filter.dangling === (image.name === undefined)) &&
      (filter.before === undefined || created < filter.before) &&
      (filter.since === undefined || created > filter.since) &&
      (filter.labels ?? []).every((label) => hasLabel(image.labels, label)) &&
      (patterns === undefined || patterns.some((pattern) => fits(image.name, pattern)))
    );
  });
}

function hasLabel(labels: Readonly<Record<string, string>>, text: string): boolean {
  const [key = '', value] = text.split(/=(.*)/s);
  return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
}

/** As Docker: the name with its tag, or the repository alone; the short form or the long one. */
function fits(name: string | undefined, pattern: RegExp): boolean {
  if (name === undefined) return false;
  const [named = ''] = name.split('@');
  const full = named.replace(/:[^/:]*$/, '');
  return [formatShortName(name), parseStoredName(name).repository, name, full].some((each) =>
    pattern.test(each),
  );
}

/** Go's path.Match: `*` and `?` stop at a slash, `[a-c]` is a class, a backslash takes what follows as it is. */
function parsePattern(text: string): RegExp {
  const source = text.replace(
    /\\(.)|\[(\^?)((?:\\.|[^\]\\])+)\]|[\s\S]/g,
    (one, escaped, not: string, set) => {
      if (escaped !== undefined) return quote(escaped);
      if (set !== undefined) return `[${not}${set.replace(/[[&~^]/g, '\\$&')}]`;
      if (one === '*') return '[^/]*';
      return one === '?' ? '[^/]' : quote(one);
    },
  );
  return new RegExp(`^${source}$`, 's');
}

function quote(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
