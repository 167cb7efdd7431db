// Sizes in the words that Docker uses (docker/go-units, HumanSize): powers of 1000, a few digits that count.

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `0B`, `4.26MB`. Docker shows three digits in tables and four in sums. */
export function formatSize(bytes: number, digits: 3 | 4 = 3): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${Number(size.toPrecision(digits))}${units[unit]}`;
}
