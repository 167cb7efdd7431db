// instance.json: the 8-hex id that the run directory and kernel names carry, and the key of the instance's digests.

import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { errnoOf } from '../../base/system-error.ts';
import { readJsonFile, type Versioned } from '../record/json-file.ts';
import { temporaryName } from '../record/temporary-file.ts';

export interface Identity extends Versioned {
  readonly v: 1;
  /** Empty for the default data root. */
  readonly id: string;
  /** Hex. Keys the digests of secrets, so that records are comparable and tell nothing. */
  readonly key: string;
}

export function readIdentity(root: string): Identity | undefined {
  try {
    return readJsonFile<Identity>(join(root, 'instance.json'), 1);
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error;
    throw new TcError(`what runs here is for root to see: ${root} is root's`, {
      code: 'needs-root',
      kind: 'environment',
      hints: ['run the command with sudo', '`config` and `version` work without'],
      cause: error,
    });
  }
}

/** An identity as a new instance would get it; nothing is written. */
export function createIdentity(isDefault: boolean): Identity {
  return { v: 1, id: isDefault ? '' : randomBytes(4).toString('hex'), key: randomBytes(32).toString('hex') };
}

/** Makes the data root. Of two processes that do so at once, link(2) lets one win, and both read the winner's. */
export function ensureIdentity(root: string, proposed: Identity): Identity {
  const path = join(root, 'instance.json');
  const temporary = temporaryName(path);
  try {
    mkdirSync(root, { recursive: true, mode: 0o711 });
    writeFileSync(temporary, `${JSON.stringify(proposed)}\n`, { mode: 0o600, flush: true });
    linkSync(temporary, path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw unusableRoot(root, error);
  } finally {
    try {
      unlinkSync(temporary);
    } catch {
      // Never written: the error above says why.
    }
  }
  const identity = readIdentity(root);
  if (identity === undefined) throw unusableRoot(root, undefined);
  return identity;
}

function unusableRoot(root: string, cause: unknown): TcError {
  const denied = ['EACCES', 'EPERM'].includes(errnoOf(cause) ?? '');
  return new TcError(`the data root ${root} cannot be used: ${(cause as Error)?.message ?? 'it is gone'}`, {
    code: 'data-root',
    kind: 'environment',
    hints: [denied ? 'run tcompose as root' : 'name another data root with --root or TCOMPOSE_ROOT'],
    cause,
  });
}
