// A change as one JSON object, in the shape of Docker Compose's `--progress json`.

import type { Change } from './change.ts';

const statuses = { working: 'Working', done: 'Done', failed: 'Error' } as const;

export function formatChangeJson(change: Change, isDryRun: boolean): string {
  const { current, details, id, parentId, state, text, total } = change;
  const line = {
    ...(isDryRun && { 'dry-run': true }),
    id,
    ...(parentId !== undefined && { parent_id: parentId }),
    status: statuses[state],
    text,
    ...(details !== undefined && { details }),
    ...(current !== undefined && total !== undefined && describeAmount(current, total)),
  };
  return `${JSON.stringify(line)}\n`;
}

/** Zeroes are left out, as Docker Compose does. */
function describeAmount(current: number, total: number) {
  const percent = total === 0 ? 100 : Math.floor((current * 100) / total);
  return { ...(current > 0 && { current }), ...(total > 0 && { total }), ...(percent > 0 && { percent }) };
}
