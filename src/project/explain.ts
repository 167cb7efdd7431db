// `config --explain PATH`: where a value comes from: file, line, template, variables; and what it took the place of.

import { relative } from 'node:path';
import type { SourcePosition } from '../base/error.ts';
import { TcError } from '../base/error.ts';
import { findNearest } from '../base/suggest.ts';
import { toPlain } from './attribute/codec.ts';
import { toCanonical } from './canonical.ts';
import type { FileReader } from './file-reader.ts';
import { type LoadOptions, loadTraced } from './load.ts';
import type { PlaceIndex } from './phase/place-index.ts';
import { Trace, type TracedUse } from './phase/trace.ts';
import type { Place } from './text/source-text.ts';
import { formatPath, type Path } from './text/tree.ts';

export interface Explanation {
  /** `services.web.environment.A` */
  readonly path: string;
  readonly value: unknown;
  /** Where the value was written; absent if no file says it. */
  readonly origin?: Origin;
  /** Values that lost, the latest first. */
  readonly replaced: readonly Origin[];
}

export interface Origin {
  readonly value: unknown;
  readonly source: SourcePosition;
  /** The line of the file. */
  readonly line: string;
  /** What the file says, if variables went into the value. */
  readonly template?: string;
  readonly variables: readonly VariableOrigin[];
}

export interface VariableOrigin {
  readonly name: string;
  /** Absent: it is not set. */
  readonly value?: string;
  /** In an env file; absent: from the environment of the caller. */
  readonly source?: SourcePosition;
}

/** For each path one explanation of a single value, one of each value below a mapping or list. Throws TcError. */
export function explainValues(
  options: LoadOptions,
  reader: FileReader,
  paths: readonly string[],
): Explanation[] {
  const trace = new Trace();
  const { model, places } = loadTraced(options, reader, trace);
  const project = toCanonical(model, 'yaml');
  return paths.flatMap((path) => {
    const steps = resolvePath(project, path);
    return leaves(steps, valueAt(project, steps)).map(([leaf, value]) =>
      explainLeaf(leaf, value, places, trace),
    );
  });
}

/** `web.image` is `services.web.image`, unless the project itself has such a key. */
function resolvePath(project: Readonly<Record<string, unknown>>, text: string): Path {
  const path = text.replace(/\[(\d+)\]/g, '.$1');
  const startsWithKey = (owner: unknown) => findKey(owner, path) !== undefined;
  const isService = !startsWithKey(project) && startsWithKey(project['services']);
  return walk(project, isService ? `services.${path}` : path, text);
}

function walk(project: unknown, path: string, text: string): Path {
  const steps: (string | number)[] = [];
  let node = project;
  let rest = path;
  while (rest !== '') {
    const key = findKey(node, rest);
    if (key === undefined) throw unknownPath(text, formatPath(steps), rest, keysOf(node));
    steps.push(Array.isArray(node) ? Number(key) : key);
    node = (node as Record<string, unknown>)[key];
    rest = rest.slice(key.length + 1);
  }
  return steps;
}

/** Names may have dots in them: the longest key that fits is taken. */
function findKey(owner: unknown, path: string): string | undefined {
  return keysOf(owner)
    .filter((candidate) => path === candidate || path.startsWith(`${candidate}.`))
    .sort((a, b) => b.length - a.length)[0];
}

function keysOf(owner: unknown): string[] {
  return typeof owner === 'object' && owner !== null ? Object.keys(owner) : [];
}

function unknownPath(path: string, known: string, rest: string, keys: readonly string[]): TcError {
  const [step = ''] = rest.split('.');
  const nearest = findNearest(step, keys);
  const where = known === '' ? 'the project' : known;
  return new TcError(`${path} is not set: ${where} has no \`${step}\``, {
    code: 'path-unknown',
    hints: [nearest ? `did you mean \`${nearest}\`?` : `it has ${keys.join(', ') || 'nothing'}`],
  });
}

function valueAt(project: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, step) => (node as Record<string | number, unknown>)[step], project);
}

function leaves(path: Path, value: unknown): [Path, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  const entries = Object.entries(value);
  if (entries.length === 0) return [[path, value]];
  return entries.flatMap(([key, own]) => leaves([...path, Array.isArray(value) ? Number(key) : key], own));
}

function explainLeaf(path: Path, value: unknown, places: PlaceIndex, trace: Trace): Explanation {
  const origin = originOf(value, places.find(path), places, trace);
  const lost = trace.replacedAt(path).flatMap(({ value: before, at }) => {
    return originOf(toPlain(before), at, places, trace) ?? [];
  });
  return { path: formatPath(path), value, ...(origin ? { origin } : {}), replaced: lost };
}

function originOf(value: unknown, at: Place, places: PlaceIndex, trace: Trace): Origin | undefined {
  const source = places.positionOf(at);
  if (!source) return undefined;
  const template = trace.templateAt(at);
  const line = places.textOf(source.file)?.split('\n')[source.line - 1] ?? '';
  return {
    value,
    source,
    line: line.trim(),
    ...(template ? { template: template.text } : {}),
    variables: (template?.uses ?? []).map((use) => variableOf(use, places)),
  };
}

function variableOf({ use, value, at }: TracedUse, places: PlaceIndex): VariableOrigin {
  const source = at === undefined ? undefined : places.positionOf(at);
  return { name: use.name, ...(value === undefined ? {} : { value }), ...(source ? { source } : {}) };
}

/** As text; files below `directory` are named relative to it. */
export function formatExplanation({ path, value, origin, replaced }: Explanation, directory: string): string {
  const lines = [`${path}: ${JSON.stringify(value)}`];
  if (origin) lines.push(...formatOrigin('', origin, directory));
  else lines.push('  no file says it: it follows from the rest');
  for (const lost of replaced) {
    lines.push(...formatOrigin(`instead of ${JSON.stringify(lost.value)}, `, lost, directory));
  }
  return `${lines.join('\n')}\n`;
}

function formatOrigin(prefix: string, { source, line, variables }: Origin, directory: string): string[] {
  const head = `  ${prefix}${formatPlace(source, directory)}: ${line}`;
  return [head, ...variables.map((one) => formatVariable(one, directory))];
}

function formatVariable({ name, value, source }: VariableOrigin, directory: string): string {
  if (value === undefined) return `    ${name} is not set`;
  const where = source ? formatPlace(source, directory) : 'the environment';
  return `    ${name} is ${JSON.stringify(value)}, from ${where}`;
}

function formatPlace({ file, line, col }: SourcePosition, directory: string): string {
  const near = relative(directory, file);
  return `${file === '-' || near.startsWith('..') ? file : near}:${line}:${col}`;
}
