// runtimes.json, and `runtimes` of Docker's daemon.json. Pure. What each member means is in docs/operations.md.

import { TcError } from '../base/error.ts';
import { findNearest } from '../base/suggest.ts';
import { isShim } from './oci-runtime.ts';

export interface RegisteredRuntime {
  /** Absolute, or a name to be found on PATH. */
  readonly path: string;
  readonly arguments: readonly string[];
}

/** A runtime that is registered for containerd, and of no use here. */
export interface RegisteredShim {
  readonly shim: string;
}

/** By name. */
export type Runtimes = Readonly<Record<string, RegisteredRuntime | RegisteredShim>>;

type Json = Readonly<Record<string, unknown>>;

const MEMBERS = ['path', 'runtimeArgs', 'runtimeType', 'options'];

export function parseRuntimesFile(text: string, path: string): Runtimes {
  const file = parseJson(text, path);
  const strange = Object.keys(file).find((key) => key !== 'runtimes');
  if (strange !== undefined) throw malformed(`${path}: there is no member "${strange}"`);
  return parseRuntimes(file['runtimes'] ?? {}, `${path}: runtimes`);
}

/** Docker's: other members are none of our business, `default-runtime` among them (docs/adr/0009). */
export function parseDaemonRuntimes(text: string, path: string): Runtimes {
  return parseRuntimes(parseJson(text, path)['runtimes'] ?? {}, `${path}: runtimes`);
}

function parseJson(text: string, path: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed(`${path} is not JSON: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  if (isObject(value)) return value;
  throw malformed(`${path}: an object was expected`);
}

function parseRuntimes(value: unknown, where: string): Runtimes {
  if (!isObject(value)) throw malformed(`${where}: an object was expected, name to runtime`);
  const entries = Object.entries(value).map(([name, entry]) => {
    if (isObject(entry)) return [name, parseRuntime(entry, `${where}.${name}`)] as const;
    throw malformed(`${where}.${name}: an object was expected`);
  });
  return Object.fromEntries(entries);
}

function parseRuntime(entry: Json, where: string): RegisteredRuntime | RegisteredShim {
  const strange = Object.keys(entry).find((key) => !MEMBERS.includes(key));
  if (strange !== undefined) {
    const near = findNearest(strange, MEMBERS);
    const hint = near === undefined ? `there are ${MEMBERS.join(', ')}` : `did you mean "${near}"?`;
    throw malformed(`${where}: there is no member "${strange}"`, { hint });
  }
  const { path, runtimeType, runtimeArgs = [] } = entry;
  if (!isTexts(runtimeArgs)) throw malformed(`${where}.runtimeArgs: a list of texts was expected`);
  const program = path ?? findBinary(entry, where);
  if (program === undefined && typeof runtimeType === 'string') return { shim: runtimeType };
  if (typeof program !== 'string' || program === '') throw malformed(`${where}.path: a text was expected`);
  return isShim(program) ? { shim: program } : { path: program, arguments: runtimeArgs };
}

/** The shim of runc takes any program of its kind: `{"runtimeType": "io.containerd.runc.v2", "options": {"BinaryName": ...}}`. */
function findBinary({ runtimeType, options }: Json, where: string): unknown {
  if (options !== undefined && !isObject(options))
    throw malformed(`${where}.options: an object was expected`);
  return runtimeType === 'io.containerd.runc.v2' ? (options?.['BinaryName'] ?? 'runc') : undefined;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(
  message: string,
  more: { readonly cause?: unknown; readonly hint?: string } = {},
): TcError {
  const example =
    '{"runtimes": {"gvisor": {"path": "/usr/bin/runsc", "runtimeArgs": ["--platform=systrap"]}}}';
  return new TcError(message, {
    code: 'malformed-runtimes',
    hints: [more.hint ?? `an example of runtimes.json: ${example}`],
    cause: more.cause,
  });
}
