// events.jsonl: what happened to the instance's objects, one JSON object a line, as `docker events` names things. What a
// command does it tells itself; what happens to a container by itself, starts and ends included, its monitor tells.

import { appendFileSync, renameSync, statSync } from 'node:fs';
import { errnoOf, FULL_DISK } from '../../base/system-error.ts';
import type { ContainerRecord } from '../record/container-record.ts';

/** Bytes. Beyond it the file is set aside as `.1`; with that, ten thousand events or more are at hand. */
export const EVENT_LOG_SIZE = 4 * 1024 * 1024;
/** One write of at most this many bytes is one line, whoever else appends (pipe(7) and O_APPEND). */
const MAX_LINE = 4096;

export interface EventLog {
  container(action: string, record: ContainerRecord, attributes?: Readonly<Record<string, string>>): void;
  resource(type: 'network' | 'volume' | 'image', action: string, id: string, name: string): void;
}

export function openEventLog(path: string): EventLog {
  const append = (event: Record<string, unknown>) => {
    const line = `${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`;
    if (line.length > MAX_LINE) return;
    try {
      rotate(path);
      appendFileSync(path, line, { mode: 0o600 });
    } catch (error) {
      // Telling what happened must not undo it.
      if (![...FULL_DISK, 'ENOENT'].includes(errnoOf(error) ?? '')) throw error;
    }
  };
  return {
    container: (action, record, attributes = {}) =>
      append({
        type: 'container',
        service: record.service,
        id: record.id,
        action,
        project: record.project,
        ...(record.oneOff && { oneOff: true }),
        attributes: { name: record.name, image: record.image, ...attributes },
      }),
    resource: (type, action, id, name) => append({ type, id, action, attributes: { name } }),
  };
}

function rotate(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > EVENT_LOG_SIZE) renameSync(path, `${path}.1`);
}
