// config --explain: where values come from.

import { type Explanation, explainValues, formatExplanation } from '../project/explain.ts';
import type { AppContext } from './context.ts';
import { findLoadOptions, type LoadChanges } from './project.ts';

/** As text, or all as one JSON array. */
export function explainConfig(
  context: AppContext,
  paths: readonly string[],
  { format, ...changes }: LoadChanges & { readonly format: 'json' | 'text' },
): string {
  const explanations: Explanation[] = explainValues(findLoadOptions(context, changes), context.reader, paths);
  if (format === 'json') return `${JSON.stringify(explanations, null, 2)}\n`;
  const directory = context.selection.workingDir;
  return explanations.map((one) => formatExplanation(one, directory)).join('');
}
