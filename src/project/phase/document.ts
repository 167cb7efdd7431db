// One YAML document of a file, from text to a checked tree in long form.

import { readSource, type Wanted } from '../text/read-source.ts';
import type { Mapping } from '../text/tree.ts';
import { parseYaml } from '../text/yaml.ts';
import { interpolate } from './interpolate.ts';
import { upgradeFormat1 } from './legacy-format.ts';
import { upgradeKeys, upgradeValues } from './legacy-keys.ts';
import type { LoadRun, Scope } from './scope.ts';
import { expandShortForms } from './short-forms.ts';
import { type DocumentState, validate } from './validate.ts';

export function readDocuments(file: string, run: LoadRun, wanted: Wanted): Mapping[] {
  const source = readSource(file, run.reader, run.diagnostics, wanted);
  return source ? parseYaml(source, run.diagnostics) : [];
}

/** In place. An invalid document is too wrong for the phases that follow. */
export function prepareDocument(document: Mapping, scope: Scope): DocumentState {
  const { run } = scope;
  const { diagnostics } = run;
  if (run.interpolation) interpolate(document, { ...run, environment: scope.environment });
  upgradeFormat1(document, diagnostics);
  upgradeValues(document, diagnostics);
  const state = validate(document, diagnostics);
  if (state === 'invalid') return state;
  upgradeKeys(document, diagnostics);
  if (diagnostics.failed) return 'invalid';
  expandShortForms(document, { diagnostics, lenient: !run.interpolation });
  return state;
}
