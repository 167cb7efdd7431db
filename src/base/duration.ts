// Spans of time as Go writes them: `1h5m30.5s`. Values are nanoseconds (Go's time.Duration), so files, the canonical
// output and other Compose tools agree on the text.

const unitNanoseconds: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3, // U+00B5, micro sign
  μs: 1e3, // U+03BC, Greek mu
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 24 * 3600e9,
  w: 7 * 24 * 3600e9,
};

const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w)/gy;

/** Nanoseconds, or undefined if the text is no duration. Days and weeks are accepted, as Compose does. */
export function parseDuration(text: string): number | undefined {
  const negative = text.startsWith('-');
  const digits = /^[-+]/.test(text) ? text.slice(1) : text;
  if (digits === '0') return 0;
  if (digits === '') return undefined;
  let total = 0;
  let end = 0;
  part.lastIndex = 0;
  for (let match = part.exec(digits); match; match = part.exec(digits)) {
    total += Number(match[1]) * (unitNanoseconds[match[2] ?? ''] ?? 0);
    end = part.lastIndex;
  }
  if (end !== digits.length) return undefined;
  const rounded = Math.round(total);
  return negative && rounded !== 0 ? -rounded : rounded;
}

/** The text of Go's `Duration.String`: `1m30s`, `1.5s`, `100ms`, `0s`. */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return '0s';
  if (nanoseconds < 0) return `-${formatDuration(-nanoseconds)}`;
  if (nanoseconds < 1e3) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${formatFraction(nanoseconds, 3)}µs`;
  if (nanoseconds < 1e9) return `${formatFraction(nanoseconds, 6)}ms`;
  const minutes = Math.floor(nanoseconds / 60e9);
  const seconds = `${formatFraction(nanoseconds - minutes * 60e9, 9)}s`;
  if (minutes === 0) return seconds;
  if (minutes < 60) return `${minutes}m${seconds}`;
  return `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}

/** `value / 10^digits` in plain decimals, without trailing zeros. */
function formatFraction(value: number, digits: number): string {
  const scale = 10 ** digits;
  const whole = Math.floor(value / scale);
  const fraction = String(value - whole * scale)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return fraction === '' ? String(whole) : `${whole}.${fraction}`;
}
