// Turning one attribute from a short into its long form: the pieces that attributes share.

import type { DiagnosticCode } from '../diagnostic/diagnostic-code.ts';
import type { Diagnostics } from '../diagnostic/diagnostics.ts';
import { FormatError } from '../syntax/format-error.ts';
import type { Place } from '../text/source-text.ts';
import {
  isList,
  isMapping,
  type List,
  type Mapping,
  newList,
  newMapping,
  pushItem,
  setEntry,
  type Value,
  valuePlace,
} from '../text/tree.ts';

export interface FormContext {
  readonly at: Place;
  /** For messages: `services.web.ports`. */
  readonly path: string;
  readonly diagnostics: Diagnostics;
  readonly lenient: boolean;
}

/** The long form; the value itself if it has it already. */
export type Form = (value: Value, context: FormContext) => Value;

/** `["A=1", "B"]` -> `{A: "1", B: null}`. Of two items with one key the later wins. */
export const keyValues: Form = (value, context) => {
  // Not interpolated, the items may still get their names from variables.
  if (!isList(value) || context.lenient) return value;
  const mapping = newMapping(context.at);
  value.forEach((item, index) => {
    const text = String(item);
    const equals = text.indexOf('=');
    const key = equals < 0 ? text : text.slice(0, equals);
    const at = valuePlace(value, index);
    if (/\s$/.test(key)) {
      const message = `${context.path}: the name \`${key}\` ends in a space`;
      context.diagnostics.error({
        code: 'value-format',
        message,
        at,
        hints: ['write NAME=value without spaces'],
      });
    }
    setEntry(mapping, key, equals < 0 ? null : text.slice(equals + 1), at, at);
  });
  return mapping;
};

/** `a` -> `["a"]`. */
export const toList: Form = (value, context) => {
  if (isList(value)) return value;
  const list = newList(context.at);
  pushItem(list, value, context.at);
  return list;
};

/** `["a", "b"]` -> `{a: null, b: null}`. */
export const toKeys: Form = (value, context) => {
  if (!isList(value)) return value;
  const mapping = newMapping(context.at);
  value.forEach((item, index) => {
    const at = valuePlace(value, index);
    setEntry(mapping, String(item), null, at, at);
  });
  return mapping;
};

/** Text as a mapping with one key. */
export function toMapping(key: string): Form {
  return (value, context) => (isMapping(value) ? value : singleEntry(key, value, context.at));
}

/** Applies a form to each item; one item may become several. */
export function eachItem(form: (value: Value, context: FormContext) => Value | readonly Value[]): Form {
  return (value, context) => {
    if (!isList(value)) return value;
    const list: List = newList(context.at);
    value.forEach((item, index) => {
      const at = valuePlace(value, index);
      const result = form(item, { ...context, at, path: `${context.path}[${index}]` });
      for (const one of isSeveral(result) ? result : [result]) pushItem(list, one, at);
    });
    return list;
  };
}

function isSeveral(value: Value | readonly Value[]): value is readonly Value[] {
  return Array.isArray(value);
}

/** A form for text that a parser reads; what it cannot read is reported and stays. */
export function parsed(
  code: DiagnosticCode,
  parse: (text: string, context: FormContext) => Value | readonly Value[],
) {
  return (value: Value, context: FormContext): Value | readonly Value[] => {
    if (typeof value !== 'string') return value;
    try {
      return parse(value, context);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      if (!context.lenient) {
        const message = `${context.path}: ${error.message}`;
        context.diagnostics.error({ code, message, at: context.at, hints: error.hints });
      }
      return value;
    }
  };
}

export function singleEntry(key: string, value: Value, at: Place): Mapping {
  return entries({ [key]: value }, at);
}

/** A mapping made from a short form: every entry stands where the short form does. Undefined entries are left out. */
export function entries(values: Readonly<Record<string, Value | undefined>>, at: Place): Mapping {
  const mapping = newMapping(at);
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined) setEntry(mapping, key, value, at);
  }
  return mapping;
}
