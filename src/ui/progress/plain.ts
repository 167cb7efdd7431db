// A change as one line: ` Container demo-web-1  Started`.

import type { Change } from './change.ts';

const dryRunPrefix = 'DRY-RUN MODE - ';

/** Id and word apart by two spaces: what scripts look for in Docker Compose's output. */
export function formatChange({ details, id, text }: Change, isDryRun: boolean): string {
  const tail = details === undefined ? '' : `  ${details}`;
  return `${isDryRun ? dryRunPrefix : ''} ${id}  ${text}${tail}\n`;
}
