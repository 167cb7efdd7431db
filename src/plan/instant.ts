// Order of RFC 3339 instants in UTC. Records carry nanoseconds, clocks in JavaScript milliseconds; neither may be lost.

const fraction = /\.(\d+)/;

/** Negative if `a` is earlier than `b`. Absent instants are earlier than all others. */
export function compareInstants(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  const seconds = wholeSeconds(a) - wholeSeconds(b);
  return seconds === 0 ? nanoseconds(a) - nanoseconds(b) : seconds;
}

/** Whether it is not before `since`; nothing is since an absent one. */
export function isSince(instant: string | undefined, since: string | undefined): boolean {
  return since !== undefined && compareInstants(instant, since) >= 0;
}

function wholeSeconds(instant: string): number {
  return Math.floor(Date.parse(instant.replace(fraction, '')) / 1000);
}

function nanoseconds(instant: string): number {
  return Number((fraction.exec(instant)?.[1] ?? '').slice(0, 9).padEnd(9, '0'));
}
