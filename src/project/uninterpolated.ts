// A project whose variables are left as they stand: `config --no-interpolate` and `config --variables`.

import type { Warning } from '../base/warning.ts';
import { type OutputFormat, toPlain } from './attribute/codec.ts';
import type { FileReader } from './file-reader.ts';
import { type LoadOptions, loadTree } from './load.ts';
import { formatGoJson } from './text/go-json.ts';
import { parseTemplate, TemplateError, type VariableUse } from './text/template.ts';
import { isList, isMapping, type Value } from './text/tree.ts';
import { formatYaml, sortKeys, sortKeysForYaml } from './text/yaml-format.ts';

export interface Uninterpolated {
  readonly project: Readonly<Record<string, unknown>>;
  readonly warnings: readonly Warning[];
}

/** The merged file, long forms where the text allows it. Throws TcError. */
export function loadUninterpolated(options: LoadOptions, reader: FileReader): Uninterpolated {
  const { root, name, run } = loadTree({ ...options, interpolation: false }, reader);
  const project = { ...(toPlain(root) as object), name };
  return { project, warnings: run.diagnostics.warnings };
}

export function formatUninterpolated(project: Uninterpolated['project'], output: OutputFormat): string {
  return output === 'json' ? formatGoJson(sortKeys(project), 2) : formatYaml(sortKeysForYaml(project));
}

export interface Variable {
  readonly name: string;
  readonly required: boolean;
  readonly defaultValue: string;
  /** What stands in its place when it is set: `${NAME:+value}`. */
  readonly alternateValue: string;
}

/** Every variable that the files name, by name. Throws TcError. */
export function listVariables(options: LoadOptions, reader: FileReader): Variable[] {
  const { root } = loadTree({ ...options, interpolation: false, normalization: false }, reader);
  const found = new Map<string, Variable>();
  collect(root, found);
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function collect(value: Value, found: Map<string, Variable>): void {
  if (typeof value === 'string') collectText(value, found);
  else if (isList(value)) for (const item of value) collect(item, found);
  else if (isMapping(value)) for (const key of Object.keys(value)) collect(value[key] ?? null, found);
}

function collectText(text: string, found: Map<string, Variable>): void {
  if (!text.includes('$')) return;
  for (const use of usesIn(text)) {
    found.set(use.name, toVariable(use, found.get(use.name)));
    if (use.word !== undefined) collectText(use.word, found);
  }
}

/** None in a malformed template: it is reported when it is interpolated. */
function usesIn(text: string): VariableUse[] {
  try {
    return parseTemplate(text).filter((part): part is VariableUse => typeof part !== 'string');
  } catch (error) {
    if (error instanceof TemplateError) return [];
    throw error;
  }
}

/** One use may say more of a variable than another. */
function toVariable({ name, operator, word = '' }: VariableUse, known: Variable | undefined): Variable {
  return {
    name,
    required: operator?.endsWith('?') === true || (known?.required ?? false),
    defaultValue: operator?.endsWith('-') ? word : (known?.defaultValue ?? ''),
    alternateValue: operator?.endsWith('+') ? word : (known?.alternateValue ?? ''),
  };
}
