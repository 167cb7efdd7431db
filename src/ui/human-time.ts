// Times in the words that Docker uses (docker/go-units, HumanDuration).

/** `Less than a second`, `About a minute`, `3 weeks`. */
export function describeDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.round(seconds / 3600);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  const days = Math.trunc(hours / 24);
  if (days < 14) return `${days} days`;
  if (days < 60) return `${Math.trunc(days / 7)} weeks`;
  return days < 365 ? `${Math.trunc(days / 30)} months` : `${Math.trunc(seconds / 3600 / 24 / 365)} years`;
}

/** From an RFC 3339 instant to `now` (milliseconds since the epoch): `2 minutes ago`. Empty if there is none. */
export function describeAge(instant: string | undefined, now: number): string {
  return instant === undefined ? '' : `${describeDuration(now - Date.parse(instant))} ago`;
}

/** As Go prints a time: `2026-01-31 13:23:37 +0000 UTC`. */
export function formatGoTime(instant: string): string {
  const [date = '', time = ''] = new Date(instant).toISOString().split('T');
  return `${date} ${time.slice(0, 8)} +0000 UTC`;
}
