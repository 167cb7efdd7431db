// The output of commands named inspect.

import { compileTemplate } from './template/evaluate.ts';

/** One array; with `json` one line for each, else the Go template applied to each. */
export function renderInspection(
  views: readonly Readonly<Record<string, unknown>>[],
  format: string | undefined,
): string {
  if (format === undefined || format === '') return `${JSON.stringify(views, undefined, 4)}\n`;
  if (format === 'json') return views.map((view) => `${JSON.stringify(view)}\n`).join('');
  const render = compileTemplate(format);
  return views.map((view) => `${render(view)}\n`).join('');
}
