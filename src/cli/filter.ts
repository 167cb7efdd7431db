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

function filterValue(filter: string, key: string): string {
  const value = filter.startsWith(`${key}=`) ? filter.slice(key.length + 1) : '';
  if (value !== '') return value;
  throw usageError(`--filter: "${filter}" is not of the form ${key}=VALUE`);
}
