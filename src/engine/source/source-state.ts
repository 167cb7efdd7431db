// What tells one state of a file from another: not its content, which would have to be read, but what the kernel changes
// with it.

import { lstatSync } from 'node:fs';
import { errnoOf } from '../../base/system-error.ts';
import type { SourceKind } from '../../plan/watch-batch.ts';

export interface SourceState {
  readonly kind: SourceKind;
  /** Equal marks: nothing has changed. */
  readonly mark: string;
}

/** The kernel's clock for files ticks every 10 ms at most, and a write within one tick does not show. */
const tickMs = 20;
const absent = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);
let doubts = 0;

/** Undefined: nothing is there, or nothing that could be copied. `unknown`: it cannot be told, which is no change. */
export function observeSource(path: string): SourceState | 'unknown' | undefined {
  try {
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (found === undefined) return undefined;
    const { ctimeNs, gid, ino, mode, mtimeNs, size, uid } = found;
    // The times of a directory change with what is in it, which is told by itself.
    if (found.isDirectory()) return { kind: 'directory', mark: `${mode} ${uid} ${gid}` };
    if (!found.isFile() && !found.isSymbolicLink()) return undefined;
    const isFresh = Date.now() - Number(ctimeNs / 1_000_000n) < tickMs;
    const doubt = isFresh ? ` ${++doubts}` : '';
    return {
      kind: found.isFile() ? 'file' : 'link',
      mark: `${ino} ${size} ${mtimeNs} ${ctimeNs} ${mode} ${uid} ${gid}${doubt}`,
    };
  } catch (error) {
    return absent.has(errnoOf(error) ?? '') ? undefined : 'unknown';
  }
}
