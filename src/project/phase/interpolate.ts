// Phase: variables in values (never in keys) are replaced, each file with its own environment, before any merge.

import { findNearest } from '../../base/suggest.ts';
import type { Diagnostics } from '../diagnostic/diagnostics.ts';
import type { Environment } from '../text/environment.ts';
import type { Place } from '../text/source-text.ts';
import { substitute, TemplateError } from '../text/template.ts';
import { isList, isMapping, type List, type Mapping, setItem, type Value, valuePlace } from '../text/tree.ts';
import type { Trace, TracedUse } from './trace.ts';

export interface InterpolateOptions {
  readonly environment: Environment;
  readonly diagnostics: Diagnostics;
  readonly trace?: Trace;
}

export function interpolate(root: Mapping, options: InterpolateOptions): void {
  walk(root, options);
}

function walk(node: Value, options: InterpolateOptions): void {
  if (isList(node)) {
    node.forEach((item, index) => {
      if (typeof item === 'string') {
        if (item.includes('$'))
          setItem(node, index, replace(node, index, item, options), valuePlace(node, index));
      } else walk(item, options);
    });
  } else if (isMapping(node)) {
    for (const key of Object.keys(node)) {
      const value = node[key] ?? null;
      if (typeof value === 'string') {
        if (value.includes('$')) node[key] = replace(node, key, value, options);
      } else walk(value, options);
    }
  }
}

function replace(
  container: Mapping | List,
  key: string | number,
  text: string,
  options: InterpolateOptions,
): string {
  const { environment, diagnostics, trace } = options;
  const uses: TracedUse[] = [];
  const place = valuePlace(container, key);
  try {
    const value = substitute(text, {
      lookup: environment.lookup,
      onUse: trace && ((use, value) => uses.push({ use, value, at: environment.entry(use.name)?.at })),
      onUnset: (name, offset) =>
        diagnostics.warn({
          code: 'variable-unset',
          message: `the variable ${name} is not set: it is taken as empty`,
          at: placeInScalar(diagnostics, place, text, offset),
          hints: hintsForUnset(name, environment),
        }),
    });
    trace?.template(place, { text, uses });
    return value;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const at = placeInScalar(diagnostics, place, text, error.offset);
    if (error.kind === 'required') {
      const nearest = findNearest(error.variable ?? '', environment.names());
      const hints = [
        ...(nearest ? [`did you mean ${nearest}?`] : []),
        `set ${error.variable} in the environment or in the env file`,
      ];
      diagnostics.error({ code: 'variable-required', message: error.message, at, hints });
    } else {
      const hints = [error.hint ?? 'write $$ for a literal dollar sign'];
      diagnostics.error({
        code: 'variable-syntax',
        message: `invalid interpolation: ${error.message}`,
        at,
        hints,
      });
    }
    return '';
  }
}

function hintsForUnset(name: string, environment: Environment): string[] {
  const nearest = findNearest(name, environment.names());
  const otherwise = `set it in the environment or in .env, or write $$${name} if the dollar sign is meant`;
  return [nearest ? `did you mean ${nearest}? If not, ${otherwise}` : otherwise];
}

/** The exact character, where the source spells the value as it is; else the start of the value. */
function placeInScalar(diagnostics: Diagnostics, place: Place, text: string, offset: number): Place {
  const source = diagnostics.sources.sourceOf(place);
  if (!source) return place;
  const start = place - source.base;
  const quoted = /["']/.test(source.text[start] ?? '') ? 1 : 0;
  return source.text.startsWith(text.slice(0, offset + 1), start + quoted) ? place + quoted + offset : place;
}
