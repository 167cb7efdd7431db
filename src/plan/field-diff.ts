// Differences between two plain values, named by path. Entries of most lists in Compose have an identity of their own,
// so that a port added at the front does not read as a change of every port.

import type { PositionIndex } from '../project/model.ts';
import { formatValue, hiddenValue } from './field-text.ts';
import type { FieldChange } from './operation.ts';

type Path = readonly (string | number)[];
type Attributes = Readonly<Record<string, unknown>>;

export interface DiffPlace {
  /** Put before the path of every change. */
  readonly prefix?: Path;
  /** Where `to` stands in the model; the changes' sources are looked up there. */
  readonly at: Path;
  readonly positions: PositionIndex | undefined;
}

interface Pair {
  readonly from?: unknown;
  readonly to?: unknown;
  /** Of the entry in `to`. */
  readonly index?: number | string;
}

/** Lists whose order is their meaning: shown whole. */
const sequences = new Set(['command', 'entrypoint', 'test']);

/** What makes two entries of a list the same entry; other lists are sets of their values. */
const identities: Readonly<Record<string, (entry: Attributes) => unknown>> = {
  ports: (port) => `${port['target']}/${port['protocol']}`,
  volumes: (mount) => mount['target'],
  configs: (file) => file['target'] ?? file['source'],
  secrets: (file) => file['target'] ?? file['source'],
  devices: (device) => device['target'] ?? device['source'],
};

/** Absent, `undefined`, empty map and (but for sequences) empty list mean the same. */
export function diffFields(from: unknown, to: unknown, place: DiffPlace): FieldChange[] {
  const changes: FieldChange[] = [];
  collect(from, to, [], (path, pair) => {
    const attribute = String(path.findLast((part) => typeof part === 'string') ?? '');
    const [was, is] = formatPair(pair, attribute);
    const entry = pair.index === undefined ? [] : [pair.index];
    const source = place.positions?.at([...place.at, ...path, ...entry]);
    changes.push({
      path: [...(place.prefix ?? []), ...path].join('.'),
      ...(was === undefined ? {} : { from: was }),
      ...(is === undefined ? {} : { to: is }),
      ...(source === undefined ? {} : { source }),
    });
  });
  return changes;
}

/** In the short notation, unless the difference is in what that notation leaves out. */
function formatPair(pair: Pair, attribute: string): [string | undefined, string | undefined] {
  const [was, is] = [formatValue(pair.from, attribute), formatValue(pair.to, attribute)];
  return was === is && was !== hiddenValue ? [JSON.stringify(pair.from), JSON.stringify(pair.to)] : [was, is];
}

type Report = (path: Path, pair: Pair) => void;

function collect(from: unknown, to: unknown, path: Path, report: Report): void {
  if (isEqual(from, to)) return;
  if (isMapOrAbsent(from) && isMapOrAbsent(to) && hasMembers(from, to)) {
    collectMembers(from ?? {}, to ?? {}, path, report);
  } else if (isListOrAbsent(from) && isListOrAbsent(to) && !sequences.has(String(path.at(-1)))) {
    collectEntries(from ?? [], to ?? [], path, report);
  } else {
    report(path, { from, to });
  }
}

function collectMembers(from: Attributes, to: Attributes, path: Path, report: Report): void {
  const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
  for (const key of [...keys].sort()) {
    // A member without a value, `networks: {front: null}`, is but a name that came or went.
    if (from[key] === null && to[key] === undefined) report(path, { from: key });
    else if (from[key] === undefined && to[key] === null) report(path, { to: key, index: key });
    else collect(from[key], to[key], [...path, key], report);
  }
}

function collectEntries(from: readonly unknown[], to: readonly unknown[], path: Path, report: Report): void {
  const pairs = pairEntries(from, to, identities[String(path.at(-1))]);
  // Only the order differs: of search paths and name servers it matters.
  if (pairs.length === 0) report(path, { from, to });
  for (const pair of pairs) report(path, pair);
}

/** Entries of one list that the other lacks; a changed entry is paired with what it was. */
function pairEntries(
  from: readonly unknown[],
  to: readonly unknown[],
  identify: ((entry: Attributes) => unknown) | undefined,
): Pair[] {
  const removed = from.filter((entry) => !to.some((other) => isEqual(entry, other)));
  const pairs: Pair[] = [];
  for (const [index, entry] of to.entries()) {
    if (from.some((other) => isEqual(entry, other))) continue;
    const was =
      identify && removed.findIndex((old) => identify(old as Attributes) === identify(entry as Attributes));
    if (was === undefined || was < 0) pairs.push({ to: entry, index });
    else pairs.push({ from: removed.splice(was, 1)[0], to: entry, index });
  }
  return [...removed.map((entry): Pair => ({ from: entry })), ...pairs];
}

/** Deep equality of plain data; members that are undefined, empty maps or empty lists count as absent. */
function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((entry, index) => isEqual(entry, b[index]));
  }
  if (isMap(a) && isMap(b)) {
    return (
      Object.keys(a).every((key) => isMemberEqual(key, a, b)) &&
      Object.keys(b).every((key) => Object.hasOwn(a, key) || isMemberEqual(key, a, b))
    );
  }
  return false;
}

function isMemberEqual(key: string, a: Attributes, b: Attributes): boolean {
  const [left, right] = [a[key], b[key]];
  if (isEqual(left, right)) return true;
  return !sequences.has(key) && isNothing(left) && isNothing(right);
}

function isNothing(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === undefined || (isMap(value) && Object.values(value).every(isNothing));
}

function isMap(value: unknown): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `null` where a map can stand means a map of defaults: `networks: {front: null}`. */
function isMapOrAbsent(value: unknown): value is Attributes | null | undefined {
  return value === undefined || value === null || isMap(value);
}

function isListOrAbsent(value: unknown): value is readonly unknown[] | undefined {
  return value === undefined || Array.isArray(value);
}

function hasMembers(from: Attributes | null | undefined, to: Attributes | null | undefined): boolean {
  return Object.keys(from ?? {}).length + Object.keys(to ?? {}).length > 0;
}
