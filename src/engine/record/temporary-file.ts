// Temporary files that a killed process left. Their names say whose they are, so that those of the living are let be.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unless } from '../../base/system-error.ts';

// Writers of one object hold its lock, and processes differ by pid: the name is theirs alone.
let sequence = 0;
export function temporaryName(path: string): string {
  sequence += 1;
  return `${path}.${process.pid}-${sequence}.tmp`;
}

/** Below the locks: who asks others to give way, and why (execute/cancellation.ts). */
const REQUEST = /\.cancel$/;

/** In one directory. */
export function listAbandonedFiles(directory: string): string[] {
  const names = unless(['ENOENT'], () => readdirSync(directory)) ?? [];
  return names
    .map((name) => join(directory, name))
    .filter((path) => {
      const pid = /\.(\d+)-\d+\.tmp$/.exec(path)?.[1] ?? readRequester(path);
      return pid !== undefined && !existsSync(`/proc/${pid}`);
    });
}

function readRequester(path: string): string | undefined {
  if (!REQUEST.test(path)) return undefined;
  const text = unless(['ENOENT'], () => readFileSync(path, 'utf8'));
  return text && (/"pid":(\d+)/.exec(text)?.[1] ?? '');
}
