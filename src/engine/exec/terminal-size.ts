// The size of the caller's terminal, if its output is one.

import type { Writable } from 'node:stream';

export function terminalSize(
  output: (Writable & { rows?: number; columns?: number }) | undefined,
): { rows: number; columns: number } | undefined {
  const { columns, rows } = output ?? {};
  return rows && columns ? { rows, columns } : undefined;
}
