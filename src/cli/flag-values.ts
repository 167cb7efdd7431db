// From tokens to typed values: environment twins, choices, defaults, conflicts.

import { TcError } from '../base/error.ts';
import type { Warning } from '../base/warning.ts';
import { type FlagToken, usageError } from './argv.ts';
import type { Conflict } from './command.ts';
import type { FlagSpec, FlagSpecs, FlagValues, Refusal } from './flag.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

type Value = boolean | number | string | readonly string[] | undefined;

/** Adds a token for each flag that is not given and whose variable is set. An empty variable counts as unset. */
export function addEnvironment(
  specs: FlagSpecs,
  tokens: readonly FlagToken[],
  environment: Environment,
): readonly FlagToken[] {
  const added: FlagToken[] = [];
  for (const [name, spec] of Object.entries(specs)) {
    const text = spec.env === undefined ? undefined : environment[spec.env];
    if (text === undefined || text === '' || tokens.some((token) => token.name === name)) continue;
    added.push({ name, value: spec.type === 'boolean' ? isTruthy(text) : text, variable: spec.env });
  }
  return [...tokens, ...added];
}

/** The last of several tokens wins; lists gather all of them. */
export function readFlags<F extends FlagSpecs>(specs: F, tokens: readonly FlagToken[]): FlagValues<F> {
  const values: Record<string, Value> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const given = tokens.filter((token) => token.name === name).map((token) => token.value);
    const value = readFlag(name, spec, given);
    if (spec.refused && isAsked(value, spec.harmless)) throw notSupported(`--${name}`, spec.refused);
    values[name] = value;
  }
  return values as FlagValues<F>;
}

export function checkConflicts(conflicts: readonly Conflict[], tokens: readonly FlagToken[]): void {
  const given = tokens.filter((token) => token.value !== false);
  const find = (names: readonly string[]) => given.find(({ name }) => names.includes(name));
  for (const conflict of conflicts) {
    const [flag, other] = [find(conflict.flags), find(conflict.with)];
    if (flag === undefined || other === undefined) continue;
    throw usageError(`${spell(flag)} and ${spell(other)} exclude each other`, ['give one of them']);
  }
}

function spell({ name, variable }: FlagToken): string {
  return variable ?? `--${name}`;
}

/** What is asked for without effect, each flag once. */
export function findIgnored(specs: FlagSpecs, tokens: readonly FlagToken[]): Warning[] {
  return Object.entries(specs).flatMap(([name, spec]) => {
    const token = tokens.findLast((each) => each.name === name);
    if (spec.ignored === undefined || token === undefined || !isAsked(token.value, spec.harmless)) return [];
    return [{ code: 'flag-ignored', message: `${spell(token)} has no effect: ${spec.ignored}` }];
  });
}

export function notSupported(what: string, { instead, why }: Refusal): TcError {
  return new TcError(`${what} is not supported: ${why}`, { code: 'not-supported', hints: [instead] });
}

/** What Docker Compose takes for true in a variable; everything else is false. */
export function isTruthy(text: string | undefined): boolean {
  return text !== undefined && /^(1|t|true|y|yes|on)$/i.test(text);
}

function isAsked(value: Value, harmless: RegExp | undefined): boolean {
  if (typeof value === 'string') return harmless?.test(value) !== true;
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
}

function readFlag(name: string, spec: FlagSpec, given: readonly (string | boolean)[]): Value {
  const last = given.at(-1);
  switch (spec.type) {
    case 'list':
      return given.flatMap((text) => splitList(spec.separator, String(text)));
    case 'boolean':
      return last === undefined ? (spec.default ?? false) : last === true;
    case 'integer':
      return last === undefined ? undefined : parseInteger(name, String(last), spec.min ?? 0);
    case 'string':
      return last === undefined ? spec.default : parseChoice(name, String(last), spec.options);
  }
}

function splitList(separator: string | undefined, text: string): readonly string[] {
  return separator === undefined ? [text] : text.split(separator).filter((part) => part !== '');
}

function parseChoice(name: string, text: string, options: readonly string[] | undefined): string {
  if (options === undefined || options.includes(text)) return text;
  throw usageError(`--${name}: "${text}" is not one of ${options.join(', ')}`);
}

function parseInteger(name: string, text: string, min: number): number {
  const value = Number(text);
  if (/^[+-]?\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value;
  throw usageError(`--${name}: "${text}" is not a whole number of at least ${min}`);
}
