// What `cache_from` and `cache_to` say: `type=registry,ref=...`, `type=local,src=...`, an image reference. Pure. Names of
// keys and their defaults are buildx's.

import { resolve } from 'node:path';
import { TcError } from '../../base/error.ts';
import type { StepPlace } from '../../image/step-cache/place.ts';
import { parseCsv } from '../run/mount-option.ts';

export type CacheTarget =
  | {
      readonly kind: 'place';
      readonly place: StepPlace;
      /** `min`: the steps of the image; `max`: those of every stage. */
      readonly mode: 'min' | 'max';
      /** A cache that cannot be written is no failure. */
      readonly ignoreError: boolean;
    }
  /** In the image itself. */
  | { readonly kind: 'inline' };

/** Relative directories count from `directory`. */
export function parseCacheFrom(text: string, directory: string): StepPlace {
  const { type, options, refuse } = parse(text, 'cache_from');
  return parsePlace(type, options, { directory, keys: ['src'], refuse });
}

export function parseCacheTo(text: string, directory: string): CacheTarget {
  const { type, options, refuse } = parse(text, 'cache_to');
  if (type === 'inline') {
    requireEmpty(options, refuse);
    return { kind: 'inline' };
  }
  const mode = take(options, 'mode') ?? 'min';
  if (mode !== 'min' && mode !== 'max') throw refuse(`mode is min or max, not "${mode}"`);
  const ignoreError = take(options, 'ignore-error') === 'true';
  // How a manifest is written: here it is the one that every registry takes.
  for (const key of ['image-manifest', 'oci-mediatypes']) take(options, key);
  const place = parsePlace(type, options, { directory, keys: ['dest'], refuse });
  return { kind: 'place', place, mode, ignoreError };
}

type Options = Map<string, string>;
type Refuse = (why: string) => TcError;

function parse(text: string, what: string): { type: string; options: Options; refuse: Refuse } {
  const refuse = (why: string) => new TcError(`${what} "${text}": ${why}`, { code: 'build-cache' });
  const fields = parseCsv(text);
  // An image reference alone.
  if (!text.includes('=') && fields.length === 1)
    return { type: 'registry', options: new Map([['ref', text]]), refuse };
  const options: Options = new Map();
  for (const field of fields) {
    const [key = '', value] = field.split(/=(.*)/s);
    if (value === undefined) throw refuse(`"${field}" is not of the form key=value`);
    options.set(key.trim().toLowerCase(), value);
  }
  const type = take(options, 'type');
  if (type === undefined) throw refuse('it has no type: write type=registry,ref=... or type=local,...');
  return { type, options, refuse };
}

function take(options: Options, key: string): string | undefined {
  const value = options.get(key);
  options.delete(key);
  return value;
}

interface PlaceRules {
  readonly directory: string;
  /** Of a directory. */
  readonly keys: readonly string[];
  readonly refuse: Refuse;
}

function parsePlace(type: string, options: Options, { directory, keys, refuse }: PlaceRules): StepPlace {
  const key = type === 'registry' ? 'ref' : (keys[0] ?? '');
  if (type !== 'registry' && type !== 'local') {
    throw refuse(`type=${type} is not supported: registry and local are`);
  }
  const value = take(options, key);
  if (!value) throw refuse(`type=${type} needs ${key}=`);
  requireEmpty(options, refuse);
  return type === 'registry'
    ? { kind: 'registry', reference: value }
    : { kind: 'local', directory: resolve(directory, value) };
}

/** What is not understood might be what matters. */
function requireEmpty(options: Options, refuse: Refuse): void {
  const [key] = options.keys();
  if (key !== undefined) throw refuse(`there is no option ${key}`);
}
