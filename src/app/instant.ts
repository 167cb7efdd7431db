// Points in time as users give them to `--since` and `--until`.

import { parseDuration } from '../base/duration.ts';
import { TcError } from '../base/error.ts';

const localTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$/;
const zonedTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;
const unixTime = /^\d+(\.\d{1,9})?$/;
const nanosecondsPerMillisecond = 1e6;

/** RFC 3339 with nine digits, as log records have them: texts compare as the instants do. */
export function formatInstant(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000000Z');
}

/**
 * RFC 3339 in UTC from an RFC 3339 instant, a local one without zone, seconds since 1970, or a duration ago (`90s`, `1h30m`).
 * Source: docker logs --since.
 */
export function parseInstant(flag: string, text: string | undefined, now: number): string | undefined {
  if (text === undefined) return undefined;
  const milliseconds = toMilliseconds(text, now);
  if (milliseconds === undefined || Number.isNaN(milliseconds)) {
    throw new TcError(`--${flag}: "${text}" is not a time`, {
      code: 'usage',
      exitCode: 2,
      hints: ['give an instant such as 2026-01-31T13:23:37Z, or how long ago, such as 42m'],
    });
  }
  return formatInstant(milliseconds);
}

function toMilliseconds(text: string, now: number): number | undefined {
  // A date alone is UTC to Date.parse; users mean their own midnight.
  if (localTime.test(text)) return Date.parse(text.includes('T') ? text : `${text}T00:00`);
  if (zonedTime.test(text)) return Date.parse(text);
  if (unixTime.test(text)) return Number(text) * 1000;
  const duration = parseDuration(text);
  return duration === undefined ? undefined : now - duration / nanosecondsPerMillisecond;
}
