// A change as one JSON object, in the shape of Docker Compose's `--progress json`.

import type { Change } from './change.ts';

const statuses = { working: 'Working', done: 'Done', failed: 'Error' } as const;

export function formatChangeJson({ details, id, state, text }: Change, isDryRun: boolean): string {
  const line = {
    ...(isDryRun && { 'dry-run': true }),
    id,
    status: statuses[state],
    text,
    ...(details !== undefined && { details }),
  };
  return `${JSON.stringify(line)}\n`;
}
