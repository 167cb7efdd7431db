// Phase: a file against the schema.

import type { Diagnostics, Finding } from '../diagnostic/diagnostics.ts';
import { describeViolation } from '../diagnostic/schema-message.ts';
import { checkSchema, type SchemaViolation } from '../schema/check-schema.ts';
import { keyPlace, type Mapping, valueAt } from '../text/tree.ts';

/** `incomplete`: something is empty, and may get its value from what it is merged with. See `checkEmpty`. */
export type DocumentState = 'complete' | 'incomplete' | 'invalid';

export function validate(root: Mapping, diagnostics: Diagnostics): DocumentState {
  const violations = checkSchema(root);
  if (violations.length === 0) return 'complete';
  const errors = violations.filter((error) => !isEmptyValue(error, root));
  const stranger = describeStranger(errors, root);
  if (stranger) diagnostics.error(stranger);
  else for (const error of errors) diagnostics.error(describeViolation(error, root));
  return errors.length === 0 ? 'incomplete' : 'invalid';
}

/** A YAML file of another kind: one message instead of one for each of its keys. */
function describeStranger(errors: readonly SchemaViolation[], root: Mapping): Finding | undefined {
  const keys = Object.keys(root);
  const unknown = errors.filter(({ keyword, path }) => keyword === 'unknown' && path.length === 0);
  const [first] = keys;
  if (first === undefined || unknown.length < 3 || unknown.length < keys.length) return undefined;
  const shown = keys.slice(0, 4).map((key) => `\`${key}\``);
  return {
    code: 'key-unknown',
    message: `this is no Compose file: ${shown.join(', ')}${keys.length > 4 ? ', ...' : ''} mean nothing in one`,
    at: keyPlace(root, first),
    hints: ['a Compose file has `services:` at its top'],
  };
}

/** On a merged tree, in long form: keys whose value is missing still. */
export function checkEmpty(root: Mapping, diagnostics: Diagnostics): void {
  for (const error of checkSchema(root)) {
    if (isEmptyValue(error, root)) diagnostics.error(describeViolation(error, root));
  }
}

/** An empty item of a list stays empty: nothing merges into it. */
function isEmptyValue({ keyword, path }: SchemaViolation, root: Mapping): boolean {
  if (keyword !== 'type') return false;
  return typeof path.at(-1) === 'string' && valueAt(root, path) === null;
}
