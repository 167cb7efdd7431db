// Containers that do not exist: not yet, or no more. The name of the directory says which.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { unless } from '../../base/system-error.ts';
import type { InstancePaths } from '../instance/paths.ts';

/**
 * Being made; being removed; being removed with its anonymous volumes; the same, left by a monitor at its end; the command
 * of a build step.
 */
const MARKS = ['creating', 'removing', 'purging', 'ended', 'building'] as const;
export type RemnantMark = (typeof MARKS)[number];

export interface Remnant {
  readonly id: string;
  readonly mark: RemnantMark;
  readonly directory: string;
}

/** Half-created and half-removed containers. Those whose directory is locked are being worked on. */
export function listRemnants(paths: InstancePaths): Remnant[] {
  const names = unless(['ENOENT'], () => readdirSync(paths.containers)) ?? [];
  return names.flatMap((name) => {
    const match = /^\.([a-z]+)-([0-9a-f]{64})$/.exec(name);
    const mark = MARKS.find((known) => known === match?.[1]);
    return mark && match?.[2] ? [{ id: match[2], mark, directory: join(paths.containers, name) }] : [];
  });
}

/**
 * Held by whoever waits for the result of a build step: its directory is let be, also when its monitor has ended. Absent
 * for the others.
 */
export function remnantOwnerPath({ mark, directory }: Remnant): string | undefined {
  return mark === 'building' ? join(directory, 'builder') : undefined;
}

export function remnantPath(paths: InstancePaths, mark: RemnantMark, id: string): string {
  return join(paths.containers, `.${mark}-${id}`);
}
