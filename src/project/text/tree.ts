// The untyped project between text and model: plain JSON values, each container with the places of its entries in a
// symbol property, which JSON, `for in` and the validator do not see. Every container belongs to one parent, so phases
// change trees in place.

import { nowhere, type Place } from './source-text.ts';

const marks: unique symbol = Symbol('marks');

export type Scalar = string | number | boolean | null;
export type Value = Scalar | List | Mapping;

/** Has no prototype: `constructor` and `__proto__` are ordinary keys. */
export interface Mapping {
  [key: string]: Value;
  [marks]?: MappingMarks;
}

export interface List extends Array<Value> {
  [marks]?: ListMarks;
}

interface MappingMarks {
  at: Place;
  readonly keys: Record<string, Place>;
  readonly values: Record<string, Place>;
  tags?: Map<string, OverrideTag>;
}

interface ListMarks {
  at: Place;
  readonly values: Place[];
}

/** `!reset`: the entry is gone, and takes the base's with it. `!override`: it replaces the base's. */
export type OverrideTag = '!reset' | '!override';

export type Path = readonly (string | number)[];

export function isMapping(value: Value | undefined): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: Value | undefined): value is List {
  return Array.isArray(value);
}

export function newMapping(at: Place = nowhere): Mapping {
  const mapping = Object.create(null) as Mapping;
  mapping[marks] = { at, keys: Object.create(null), values: Object.create(null) };
  return mapping;
}

export function newList(at: Place = nowhere): List {
  const list: List = [];
  list[marks] = { at, values: [] };
  return list;
}

/** The place of a container itself. */
export function placeOf(container: Mapping | List): Place {
  return container[marks]?.at ?? nowhere;
}

/** Sets an entry; `keyAt` defaults to where the key already stands, else to `at`. */
export function setEntry(mapping: Mapping, key: string, value: Value, at: Place, keyAt?: Place): void {
  mapping[key] = value;
  const own = mapping[marks];
  if (!own) return;
  own.values[key] = at;
  own.keys[key] = keyAt ?? own.keys[key] ?? at;
}

export function removeEntry(mapping: Mapping, key: string): void {
  delete mapping[key];
  const own = mapping[marks];
  if (!own) return;
  delete own.values[key];
  delete own.keys[key];
  own.tags?.delete(key);
}

export function pushItem(list: List, value: Value, at: Place): void {
  list.push(value);
  list[marks]?.values.push(at);
}

export function setItem(list: List, index: number, value: Value, at: Place): void {
  list[index] = value;
  const own = list[marks];
  if (own) own.values[index] = at;
}

/** Where the entry's value was written: for a block collection, where its key was. */
export function valuePlace(container: Mapping | List, key: string | number): Place {
  if (isList(container)) return container[marks]?.values[Number(key)] ?? placeOf(container);
  return container[marks]?.values[key] ?? placeOf(container);
}

export function keyPlace(mapping: Mapping, key: string): Place {
  return mapping[marks]?.keys[key] ?? placeOf(mapping);
}

/** Moves an entry with its places; the target's entry, if any, is replaced. */
export function copyEntry(from: Mapping, key: string, to: Mapping, as: string = key): void {
  setEntry(to, as, from[key] ?? null, valuePlace(from, key), keyPlace(from, key));
}

export function tagEntry(mapping: Mapping, key: string, tag: OverrideTag): void {
  const own = mapping[marks];
  if (!own) return;
  own.tags ??= new Map();
  own.tags.set(key, tag);
}

export function tagsOf(mapping: Mapping): ReadonlyMap<string, OverrideTag> | undefined {
  return mapping[marks]?.tags;
}

export function untag(mapping: Mapping): void {
  const own = mapping[marks];
  if (own) delete own.tags;
}

/** A deep copy with the same places and, unless told otherwise, the same tags. */
export function cloneTree<T extends Value>(
  value: T,
  options: { readonly tags: boolean } = { tags: true },
): T {
  if (isList(value)) {
    const copy = newList(placeOf(value));
    value.forEach((item, index) => {
      pushItem(copy, cloneTree(item, options), valuePlace(value, index));
    });
    return copy as T;
  }
  if (isMapping(value)) {
    const copy = newMapping(placeOf(value));
    for (const key of Object.keys(value)) {
      setEntry(
        copy,
        key,
        cloneTree(value[key] ?? null, options),
        valuePlace(value, key),
        keyPlace(value, key),
      );
    }
    if (options.tags) for (const [key, tag] of tagsOf(value) ?? []) tagEntry(copy, key, tag);
    return copy as T;
  }
  return value;
}

export function valueAt(root: Value, path: Path): Value | undefined {
  let node: Value | undefined = root;
  for (const step of path) {
    if (isList(node)) node = node[Number(step)];
    else node = isMapping(node) ? node[String(step)] : undefined;
  }
  return node;
}

/** The place of the value at a path, or of its nearest ancestor that has one. */
export function findPlace(root: Value, path: Path): Place {
  let place = nowhere;
  let node: Value | undefined = root;
  for (const step of path) {
    if (isMapping(node)) {
      const key: string = String(step);
      if (!(key in node)) break;
      place = valuePlace(node, key) || place;
      node = node[key];
    } else if (isList(node)) {
      place = valuePlace(node, step) || place;
      node = node[Number(step)];
    } else break;
  }
  return place;
}

export function mappingAt(parent: Mapping | undefined, key: string): Mapping | undefined {
  const value = parent?.[key];
  return isMapping(value) ? value : undefined;
}

export function listAt(parent: Mapping, key: string): List | undefined {
  const value = parent[key];
  return isList(value) ? value : undefined;
}

/** `services.web.ports[0]`: how messages name a path. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

/** How messages name a value's kind. */
export function describeKind(value: Value | undefined): string {
  if (value === null || value === undefined) return 'empty';
  if (isList(value)) return 'a list';
  if (isMapping(value)) return 'a mapping';
  return `a ${typeof value}`;
}
