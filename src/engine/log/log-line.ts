// One line of a json-file log: `{"log":"text\n","stream":"stdout","time":"..."}`, as Docker's driver writes it. Pure.

import type { LogRecord } from '../ports.ts';

/** Undefined for a line that is no record: one that a full disk or a crash cut short. */
export function parseLogLine(line: string, containerId: string): LogRecord | undefined {
  let entry: { log?: unknown; stream?: unknown; time?: unknown } | null;
  try {
    entry = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { log, stream, time } = entry ?? {};
  if (typeof log !== 'string' || typeof time !== 'string') return undefined;
  return { containerId, stream: stream === 'stderr' ? 'stderr' : 'stdout', time, text: log };
}

/**
 * Orders RFC 3339 UTC instants of any precision: the fraction's trailing zeros are left out, so that the texts as they
 * stand do not compare.
 */
export function compareTimes(a: string, b: string): number {
  const [x, y] = [withoutZone(a), withoutZone(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function withoutZone(time: string): string {
  return time.endsWith('Z') ? time.slice(0, -1) : normalizeZone(time);
}

/** Instants from the command line may carry an offset; those that the monitor writes never do. */
function normalizeZone(time: string): string {
  const fraction = /\.(\d+)/.exec(time)?.[1];
  const milliseconds = Date.parse(time);
  if (Number.isNaN(milliseconds)) return time;
  const whole = new Date(milliseconds).toISOString().slice(0, 19);
  return fraction === undefined ? whole : `${whole}.${fraction}`;
}
