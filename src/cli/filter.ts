// Values of --filter and --status.

import { type ContainerState, containerStates } from '../app/ps.ts';
import { usageError } from './argv.ts';

/** `--status running` and `--filter status=running` are one. */
export function parseStates(
  statuses: readonly string[],
  filters: readonly string[],
): readonly ContainerState[] {
  const named = [...statuses, ...filters.map((filter) => filterValue(filter, 'status'))];
  return named.map((name) => {
    const state = containerStates.find((known) => known === name);
    if (state !== undefined) return state;
    throw usageError(`"${name}" is not a state of a container`, [`states are ${containerStates.join(', ')}`]);
  });
}

/** `name=PATTERN`; the last one counts. */
export function parseNamePattern(filters: readonly string[]): RegExp | undefined {
  const pattern = filters.map((filter) => filterValue(filter, 'name')).at(-1);
  if (pattern === undefined) return undefined;
  try {
    return new RegExp(pattern);
  } catch {
    throw usageError(`--filter: "${pattern}" is not a regular expression`);
  }
}

/** `KEY=VALUE`, or `KEY!=VALUE` where `KEY!` is among the keys; the values of each key. */
export function parseFilters<K extends string>(
  filters: readonly string[],
  keys: readonly K[],
): Readonly<Record<K, readonly string[]>> {
  const found = Object.fromEntries(keys.map((key) => [key, []])) as unknown as Record<K, string[]>;
  for (const filter of filters) {
    const equals = filter.indexOf('=');
    const key = keys.find((known) => known === filter.slice(0, equals));
    const value = filter.slice(equals + 1);
    if (equals < 0 || key === undefined || value === '') {
      const forms = keys.map((known) => `${known}=VALUE`).join(', ');
      throw usageError(`--filter: "${filter}" is none that there is`, [`there are ${forms}`]);
    }
    found[key].push(value);
  }
  return found;
}

/** True or false; the last one counts. */
export function parseTruth(key: string, values: readonly string[]): boolean | undefined {
  const value = values.at(-1);
  if (value === undefined) return undefined;
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw usageError(`--filter: ${key} is true or false, not "${value}"`);
}

function filterValue(filter: string, key: string): string {
  const value = filter.startsWith(`${key}=`) ? filter.slice(key.length + 1) : '';
  if (value !== '') return value;
  throw usageError(`--filter: "${filter}" is not of the form ${key}=VALUE`);
}
