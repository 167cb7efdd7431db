// Sizes as Docker shows them (docker/go-units, HumanSize): powers of a thousand.

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `27.4MB`: three digits that count, as in Docker's tables; in sums it shows four. */
export function describeSize(bytes: number, digits: 3 | 4 = 3): string {
  const { value, unit } = scale(bytes);
  return `${Number(value.toPrecision(digits))}${unit}`;
}

/** `27.0MB`: as wide as the last one, for numbers that change while one looks. */
export function describeSizeSteadily(bytes: number): string {
  const { value, unit } = scale(bytes);
  return `${unit === 'B' ? value : value.toFixed(1)}${unit}`;
}

const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `1.934MiB`: powers of 1024 and four digits that count, as `docker stats` shows memory (BytesSize). */
export function describeBinarySize(bytes: number): string {
  let value = bytes;
  let at = 0;
  while (value >= 1024 && at < binaryUnits.length - 1) {
    value /= 1024;
    at += 1;
  }
  return `${Number(value.toPrecision(4))}${binaryUnits[at]}`;
}

function scale(bytes: number): { readonly value: number; readonly unit: string } {
  let value = bytes;
  let at = 0;
  // What would be rounded to a thousand is one of the next unit.
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  return { value, unit: units[at] ?? '' };
}
