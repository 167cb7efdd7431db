// Temporary files that a killed process left. Their names say whose they are, so that those of the living are let be.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { unless } from '../../base/system-error.ts';

// Writers of one object hold its lock, and processes differ by pid: the name is theirs alone.
let sequence = 0;
export function temporaryName(path: string): string {
  sequence += 1;
  return `${path}.${process.pid}-${sequence}.tmp`;
}

/** In one directory. */
export function listAbandonedFiles(directory: string): string[] {
  const names = unless(['ENOENT'], () => readdirSync(directory)) ?? [];
  return names
    .filter((name) => {
      const pid = /\.(\d+)-\d+\.tmp$/.exec(name)?.[1];
      return pid !== undefined && !existsSync(`/proc/${pid}`);
    })
    .map((name) => join(directory, name));
}
